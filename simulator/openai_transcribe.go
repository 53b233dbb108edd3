package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/simulator/internal/audio"
)

// maxUpload is the largest audio file that OpenAI takes, in bytes.
const maxUpload = 25 << 20

// transcribe answers POST /v1/audio/transcriptions in the form of OpenAI's API: it finds out which recording the
// uploaded file is, and says what was said. response_format is json (default), verbose_json or text.
func (s *Simulator) transcribe(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(w, r) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload+1<<20)
	if err := r.ParseMultipartForm(maxUpload + 1<<20); err != nil {
		modelError(w, http.StatusBadRequest, "invalid_request_error", "reading the form: "+err.Error())
		return
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	upload, header, err := r.FormFile("file")
	if err != nil {
		modelError(w, http.StatusBadRequest, "invalid_request_error", "file is missing")
		return
	}
	defer func() { _ = upload.Close() }()
	if r.FormValue("model") == "" {
		modelError(w, http.StatusBadRequest, "invalid_request_error", "you must provide a model parameter")
		return
	}
	if header.Size > maxUpload {
		modelError(w, http.StatusRequestEntityTooLarge, "invalid_request_error",
			fmt.Sprintf("Maximum content size limit (%d) exceeded (%d bytes read)", maxUpload, header.Size))
		return
	}
	file, err := io.ReadAll(upload)
	if err != nil {
		modelError(w, http.StatusBadRequest, "invalid_request_error", "reading the file: "+err.Error())
		return
	}
	format := cmp.Or(r.FormValue("response_format"), "json")
	text, err := s.recognise(file)
	switch {
	case errors.Is(err, errTooShort):
		answer(w, http.StatusBadRequest, map[string]any{"error": map[string]any{"message": "Audio file is too short. Minimum audio length is 0.1 seconds.",
			"type": "invalid_request_error", "param": "file", "code": "audio_too_short"}})
		return
	case err != nil:
		modelError(w, http.StatusBadRequest, "invalid_request_error", err.Error())
		return
	case format == "verbose_json" && s.seed.happens(s.config.Faults.SpeechNoTimes, text.key, s.nth(text.key+" times"), "no times"):
		s.count(FaultSpeechNoTimes)
		modelError(w, http.StatusInternalServerError, "server_error", "The server had an error while processing your request.")
		return
	}
	if s.seed.happens(s.config.Faults.SpeechInvents, text.key, "invents") && text.invent(format == "verbose_json", s.seed) {
		s.count(FaultSpeechInvents)
	}
	switch format {
	case "json":
		answer(w, http.StatusOK, map[string]any{"text": text.text()})
	case "text":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, text.text()+"\n")
	case "verbose_json":
		grain := append(r.MultipartForm.Value["timestamp_granularities[]"], r.MultipartForm.Value["timestamp_granularities"]...)
		answer(w, http.StatusOK, text.verbose(grain))
	default:
		modelError(w, http.StatusBadRequest, "invalid_request_error", "response_format "+format+" is not played by the simulator")
	}
}

// transcript is what was said in a piece of audio, in seconds from its start.
type transcript struct {
	key      string // names the audio, by what does not change with Config.Run
	seconds  float64
	measured bool // whether whoever sent the audio could measure it
	segments []segment
}

type segment struct {
	start, end float64
	words      []timedWord
	invention  invention
}

type timedWord struct {
	Word  string  `json:"word"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

var errTooShort = errors.New("audio file is too short")

// silent says that nobody's recording is in the audio: it has no sound at all, which those of a simulator never have.
func silent(tracks [][]int16) bool {
	for _, track := range tracks {
		for _, sample := range track {
			if sample != 0 {
				return false
			}
		}
	}
	return true
}

// recognise recognises a file as one of this simulator's recordings.
func (s *Simulator) recognise(file []byte) (transcript, error) {
	if sid, ok := audio.FindID3(file); ok {
		return s.transcriptOf(map[audio.Mark]bool{{Sid: sid}: true}, 0, -1)
	}
	tracks, err := audio.DecodeWAV(file)
	if err != nil {
		return transcript{}, fmt.Errorf("the audio file could not be decoded: %w", err)
	}
	if len(tracks[0]) < audio.SampleRate/10 {
		return transcript{}, errTooShort
	}
	if silent(tracks) {
		return transcript{key: "silence", seconds: float64(len(tracks[0])) / audio.SampleRate}, nil
	}
	marks, from := map[audio.Mark]bool{}, time.Duration(0)
	for _, track := range tracks {
		m, at, ok := audio.FindMark(track)
		if !ok {
			return transcript{}, fmt.Errorf("the audio carries no mark of this simulator, or was resampled")
		}
		from = time.Duration(m.Second)*time.Second - time.Duration(at)*time.Second/audio.SampleRate
		m.Second = 0
		marks[m] = true
	}
	return s.transcriptOf(marks, from, time.Duration(len(tracks[0]))*time.Second/audio.SampleRate)
}

// transcriptOf makes the transcript of a stretch of a recording; a negative length is all of it.
func (s *Simulator) transcriptOf(marks map[audio.Mark]bool, from, length time.Duration) (transcript, error) {
	t := transcript{measured: length >= 0}
	var keys []string
	s.mu.Lock()
	defer s.mu.Unlock()
	for m := range marks {
		r := s.recordings[m.Sid]
		if r == nil {
			return t, fmt.Errorf("recording %s is not of this simulator", m.Sid)
		}
		if length < 0 {
			length = r.length()
		}
		t.seconds = length.Seconds()
		keys = append(keys, fmt.Sprintf("%s channel %d at %d", r.key(), m.Channel, from/time.Second))
		begin := r.started.Add(from)
		for _, speaker := range r.speakers(m.Channel) {
			for _, line := range r.heard(speaker) {
				var g segment
				for _, w := range line.words {
					if !w.start.Before(begin) && !w.end.After(begin.Add(length)) {
						g.words = append(g.words, timedWord{w.text, w.start.Sub(begin).Seconds(), w.end.Sub(begin).Seconds()})
					}
				}
				if len(g.words) > 0 {
					g.start, g.end = g.words[0].Start, g.words[len(g.words)-1].End
					t.segments = append(t.segments, g)
				}
			}
		}
	}
	slices.Sort(keys)
	t.key = strings.Join(keys, ", ")
	slices.SortStableFunc(t.segments, func(a, b segment) int { return cmp.Compare(a.start, b.start) })
	return t, nil
}

func (g segment) text() string {
	words := make([]string, len(g.words))
	for i, w := range g.words {
		words[i] = w.Word
	}
	return strings.Join(words, " ")
}

func (t transcript) text() string {
	texts := make([]string, len(t.segments))
	for i, g := range t.segments {
		texts[i] = g.text()
	}
	return strings.Join(texts, " ")
}

// verbose is the verbose_json form: segments unless only words are asked for, words only if they are.
func (t transcript) verbose(granularities []string) map[string]any {
	out := map[string]any{"task": "transcribe", "language": "english", "duration": t.seconds, "text": t.text()}
	if len(granularities) == 0 || slices.Contains(granularities, "segment") {
		segments := []map[string]any{}
		for i, g := range t.segments {
			segments = append(segments, map[string]any{"id": i, "seek": 0, "start": g.start, "end": g.end, "text": " " + g.text(),
				"tokens": []int{}, "temperature": 0.0, "avg_logprob": -0.2, "compression_ratio": 1.1 + g.invention.compression,
				"no_speech_prob": 0.01 + g.invention.noSpeech})
		}
		out["segments"] = segments
	}
	if slices.Contains(granularities, "word") {
		words := []timedWord{}
		for _, g := range t.segments {
			for _, w := range g.words {
				w.Word = strings.Trim(w.Word, ".,?!;:")
				words = append(words, w)
			}
		}
		out["words"] = words
	}
	return out
}
