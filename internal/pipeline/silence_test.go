package pipeline_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

const (
	asking    = `{"text":"x","segments":[{"start":0.2,"end":2,"text":"How many cases do you sell in a week?"}]}`
	inventing = `{"text":"x","segments":[{"start":0,"end":9,"text":"Thank you for watching!","no_speech_prob":0.3,"avg_logprob":-0.2}]}`
)

// What a model writes under silence must not become evidence, and a channel of silence is not sent to it at all.
func TestSilentChannelIsNotSent(t *testing.T) { onBoth(t, silentChannels) }

func silentChannels(t *testing.T, db *database) {
	for name, test := range map[string]struct {
		file           []byte
		transcriptions int32
	}{
		"zeros":        {recorded(9, voice, silence), 1},
		"zeros first":  {recorded(9, silence, voice), 1},
		"both":         {recorded(9, silence, silence), 0},
		"mono":         {recorded(9, silence), 0},
		"a click":      {recorded(9, voice, during(4, 4.01)), 1},
		"head only":    {recorded(0, silence, silence), 0},
		"no data":      {recorded(0, silence, silence)[:36], 0},
		"twelve bytes": {recorded(0, silence, silence)[:12], 0},
		"cut head":     {recorded(0, silence, silence)[:30], 0},
		"90 ms":        {recorded(0.09, voice, voice), 0},
	} {
		models := hear(map[byte]string{1: asking, 2: asking})
		if test.transcriptions == 0 {
			models = hear(map[byte]string{1: inventing, 2: inventing})
		}
		s := &fakeServers{media: serve(test.file), models: models}
		got, err := s.run(t, db, 2)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !got.done || s.transcriptions.Load() != test.transcriptions || len(got.saved) != int(test.transcriptions) {
			t.Errorf("%s: done %v after %d transcriptions: %+v", name, got.done, s.transcriptions.Load(), got.saved)
		}
	}
}

func TestAudioThatIsTooShortIsSilence(t *testing.T) {
	s := &fakeServers{media: serve(recorded(0.2, voice, voice)), models: func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error":{"message":"Audio file is too short. Minimum audio length is 0.1 seconds.","code":"audio_too_short"}}`)
	}}
	onBoth(t, func(t *testing.T, db *database) {
		if got, err := s.run(t, db, 2); err != nil || !got.done || len(got.saved) != 0 {
			t.Errorf("done %v: %+v, %v", got.done, got.saved, err)
		}
	})
}

// segmentsOf answers with segments as Whisper describes them.
func segmentsOf(segments ...map[string]any) string {
	for _, s := range segments {
		for name, value := range map[string]any{"no_speech_prob": 0.02, "avg_logprob": -0.2, "compression_ratio": 1.1} {
			if s[name] == nil {
				s[name] = value
			}
		}
	}
	answer, _ := json.Marshal(map[string]any{"text": "x", "duration": 30, "segments": segments})
	return string(answer)
}

func TestWhatNobodySaidIsKeptAside(t *testing.T) { onBoth(t, whatNobodySaid) }

func whatNobodySaid(t *testing.T, db *database) {
	callee := segmentsOf(
		map[string]any{"start": 1.0, "end": 3.0, "text": "We sell forty."},
		map[string]any{"start": 3.0, "end": 6.0, "text": "Thank you for watching!"},
		map[string]any{"start": 10.0, "end": 12.0, "text": "Five dollars a case.", "no_speech_prob": 0.97, "avg_logprob": -0.1},
		map[string]any{"start": 12.0, "end": 14.0, "text": "I think so.", "no_speech_prob": 0.7, "avg_logprob": -1.3},
		map[string]any{"start": 14.0, "end": 16.0, "text": strings.Repeat("The price is five dollars. ", 3), "compression_ratio": 16.0},
		map[string]any{"start": 16.0, "end": 18.0, "text": "Yes. " + strings.Repeat("I'm sorry. ", 20)},
		map[string]any{"start": 18.0, "end": 20.0, "text": "Subtitles by the Amara.org community", "no_speech_prob": 0.5},
		map[string]any{"start": 24.0, "end": 26.0, "text": "Goodbye."},
	)
	both := func(at float64) float64 { return during(1, 3)(at) + during(10, 20)(at) }
	s := &fakeServers{media: serve(recorded(30, voice, both)), models: hear(map[byte]string{1: asking, 2: callee})}
	got, err := s.run(t, db, 2)
	if err != nil {
		t.Fatal(err)
	}
	var said, dropped []string
	for _, u := range got.saved {
		said = append(said, u.Text)
	}
	for i, d := range got.dropped {
		if d.Speaker != interview.SpeakerCallee || d.Position != i || d.CallID != got.callID || d.RecordingSid != got.sid || d.Detail == "" || d.EndSec <= d.StartSec {
			t.Errorf("%+v", d)
		}
		dropped = append(dropped, string(d.Reason)+": "+d.Text)
	}
	if want := []string{"How many cases do you sell in a week?", "We sell forty.", "Yes."}; !slices.Equal(said, want) {
		t.Errorf("said %q", said)
	}
	want := []string{"silence: Thank you for watching!", "no-speech: Five dollars a case.", "no-speech: I think so.",
		"compression: " + strings.TrimSpace(strings.Repeat("The price is five dollars. ", 3)),
		"repetition: " + strings.TrimSpace(strings.Repeat("I'm sorry. ", 20)),
		"stock-phrase: Subtitles by the Amara.org community", "silence: Goodbye."}
	if !slices.Equal(dropped, want) {
		t.Errorf("dropped %q", dropped)
	}
}

// A recording of an hour is more than servers take at once.
func TestLongRecordingIsTranscribedInPieces(t *testing.T) {
	const minutes = 25
	pausing := func(at float64) float64 {
		if at-float64(int(at)) > 0.7 {
			return 0
		}
		return 0.3 * (at - float64(int(at*300))/300) * 300
	}
	var mu sync.Mutex
	var sizes []int64
	var total float64
	s := &fakeServers{media: serve(recorded(minutes*60, silence, pausing)), models: func(w http.ResponseWriter, r *http.Request) {
		_, header, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		sizes = append(sizes, header.Size)
		seconds := float64(header.Size-44) / 16000
		at := total
		total += seconds
		mu.Unlock()
		_, _ = fmt.Fprintf(w, `{"text":"x","segments":[{"start":0.1,"end":0.6,"text":"from %d"},{"start":%f,"end":%f,"text":"to"}]}`,
			int(at), seconds-1, seconds)
	}}
	got, err := s.run(t, onSQLite(t), 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(sizes) != 3 || slices.Max(sizes) > 25<<20 || int(total) != minutes*60 {
		t.Errorf("pieces of %v bytes, %v s together", sizes, total)
	}
	for _, u := range got.saved {
		if at, ok := strings.CutPrefix(u.Text, "from "); ok && at != fmt.Sprint(int(u.StartSec)) {
			t.Errorf("what was said %q is put at %v", u.Text, u.StartSec)
		}
	}
	if len(got.saved) != 6 || got.saved[5].EndSec > minutes*60+1 || got.saved[5].EndSec < minutes*60-1 {
		t.Errorf("%+v", got.saved)
	}
}

// Audio is of somebody: none of it stays on the disk, however an attempt ends.
func TestNoAudioStaysOnTheDisk(t *testing.T) {
	db, dir := onSQLite(t), t.TempDir()
	t.Setenv("TMPDIR", dir)
	var seen atomic.Int64
	look := func() {
		names, err := filepath.Glob(filepath.Join(dir, "iagent-*"))
		if err != nil {
			t.Error(err)
		}
		seen.Add(int64(len(names)))
	}
	ok := hear(map[byte]string{1: asking, 2: asking})
	for _, models := range []http.HandlerFunc{ok, fail(500), fail(400), drop} {
		_, _ = (&fakeServers{media: serve(twoChannels()), models: func(w http.ResponseWriter, r *http.Request) {
			look() // while it is being sent, too
			models(w, r)
		}}).run(t, db, 2)
		look()
	}
	if n := seen.Load(); n != 0 {
		t.Errorf("%d files lay in the directory for temporary files", n)
	}
}

func TestMissingDirectoryForTemporaryFilesIsTriedAgain(t *testing.T) {
	db := onSQLite(t)
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	got, err := (&fakeServers{media: serve(twoChannels()), models: fail(500)}).run(t, db, 2)
	if err == nil || jobs.IsPermanent(err) || got.done || !strings.Contains(err.Error(), "TMPDIR") || !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("done %v, %v", got.done, err)
	}
}

func unwrapAll(err error) error {
	for {
		next, ok := err.(interface{ Unwrap() error })
		if !ok || next.Unwrap() == nil {
			return err
		}
		err = next.Unwrap()
		if _, path := err.(*os.PathError); path {
			return err
		}
	}
}
