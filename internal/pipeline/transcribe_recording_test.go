package pipeline_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/pipeline"
	"github.com/i-agent/iagent/internal/twilio"
)

// transcriptLedger is the least of a store: what it hands out, and what was saved.
type transcriptLedger struct {
	begin   interview.Transcription
	err     error
	saved   []interview.Utterance
	dropped []interview.DroppedSegment
	saves   int
}

func (s *transcriptLedger) BeginTranscription(context.Context, interview.Run, string, string) (interview.Transcription, error) {
	return s.begin, s.err
}

func (s *transcriptLedger) SaveTranscript(_ context.Context, _ interview.Run, callID, sid string, u []interview.Utterance,
	dropped ...interview.DroppedSegment) error {
	if callID != "call-1" || sid != "RE1" {
		return errors.New("saved for something else")
	}
	s.saved, s.dropped = u, dropped
	s.saves++
	return nil
}

// twoChannels is a WAV of nine seconds in which both sides speak all the time.
func twoChannels() []byte { return recorded(9, voice, voice) }

// voice is a tone of -10 dBFS or so.
func voice(at float64) float64 { return 0.3 * math.Sin(2*math.Pi*300*at) }

// silence is what a channel holds of somebody who does not speak.
func silence(float64) float64 { return 0 }

// during is a voice from one second to before another, and silence around it.
func during(from, to float64) func(float64) float64 {
	return func(at float64) float64 {
		if at < from || at >= to {
			return 0
		}
		return voice(at)
	}
}

// recorded is a WAV at 8 kHz and 16 bits. The low byte of every sample is the number of its channel, from 1.
func recorded(seconds float64, channels ...func(at float64) float64) []byte {
	le := binary.LittleEndian
	frames := int(seconds * 8000)
	b := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00")
	b = le.AppendUint16(b, uint16(len(channels)))
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint32(b, uint32(16000*len(channels)))
	b = append(b, byte(2*len(channels)), 0, 16, 0)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(2*frames*len(channels)))
	for i := range frames {
		for n, wave := range channels {
			b = le.AppendUint16(b, uint16(int16(wave(float64(i)/8000)*32767))&^0xff|uint16(n+1))
		}
	}
	return b
}

// studio stands in for Twilio's media and for the model server.
type studio struct {
	media  http.HandlerFunc
	models http.HandlerFunc

	downloads, hearings atomic.Int32
}

// run transcribes RE1 against the studio.
func (s *studio) run(t *testing.T, store *transcriptLedger) error {
	t.Helper()
	mediaServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.downloads.Add(1)
		s.media(w, r)
	}))
	t.Cleanup(mediaServer.Close)
	modelServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hearings.Add(1)
		w.Header().Set("Content-Type", "application/json")
		s.models(w, r)
	}))
	t.Cleanup(modelServer.Close)
	client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: mediaServer.URL})
	if err != nil {
		t.Fatal(err)
	}
	models, err := openai.New(openai.Config{BaseURL: modelServer.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	args, err := json.Marshal(interview.NewTranscribeRecording("call-1", "RE1",
		mediaServer.URL+"/2010-04-01/Accounts/"+account+"/Recordings/RE1").Args)
	if err != nil {
		t.Fatal(err)
	}
	f := &pipeline.TranscribeRecording{Store: store, Twilio: client, Models: models, Now: time.Now}
	return f.Run(t.Context(), interview.Run{ID: "run-1", Function: interview.TranscribeRecording, Attempt: 1, Args: args})
}

func serve(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }
}

func fail(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"error":{"message":"no"}}`)
	}
}

// hear answers what is said on a channel, recognised by its samples.
func hear(channels map[byte]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		file, _, err := r.FormFile("file")
		if err != nil {
			w.WriteHeader(400)
			return
		}
		data, _ := io.ReadAll(file)
		_, _ = io.WriteString(w, channels[data[len(data)-2]])
	}
}

func begun(channels int) *transcriptLedger {
	duration := 9
	return &transcriptLedger{begin: interview.Transcription{Language: "en",
		Call:      interview.Call{ID: "call-1", Consent: interview.ConsentGiven},
		Recording: interview.Recording{Sid: "RE1", Channels: channels, Duration: &duration},
		Said:      []string{"How many cases do you sell in a week?"},
	}}
}

func TestTwoChannelsBecomeOneConversation(t *testing.T) {
	agent := `{"text":"x","segments":[{"start":0.2,"end":2,"text":"How many cases do you sell in a week?"},{"start":6,"end":7,"text":"Goodbye."}]}`
	callee := `{"text":"x","segments":[{"start":2.5,"end":5,"text":"Forty."}]}`
	want := []interview.Utterance{
		{CallID: "call-1", RecordingSid: "RE1", Position: 0, Speaker: "agent", Text: "How many cases do you sell in a week?", StartSec: 0.2, EndSec: 2},
		{CallID: "call-1", RecordingSid: "RE1", Position: 1, Speaker: "callee", Text: "Forty.", StartSec: 2.5, EndSec: 5},
		{CallID: "call-1", RecordingSid: "RE1", Position: 2, Speaker: "agent", Text: "Goodbye.", StartSec: 6, EndSec: 7},
	}
	for name, channels := range map[string]map[byte]string{"ours first": {1: agent, 2: callee}, "ours second": {1: callee, 2: agent}} {
		store := begun(2)
		s := &studio{media: serve(twoChannels()), models: hear(channels)}
		if err := s.run(t, store); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(store.saved, want) {
			t.Errorf("%s: %+v", name, store.saved)
		}
		if s.downloads.Load() != 1 || s.hearings.Load() != 2 {
			t.Errorf("%s: %d downloads, %d hearings", name, s.downloads.Load(), s.hearings.Load())
		}
	}
}

func TestMonoRecordingHasUnknownSpeakers(t *testing.T) {
	for name, file := range map[string][]byte{"mp3": []byte("ID3\x01"), "wav": recorded(9, voice)} {
		store := begun(1)
		s := &studio{media: func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, name) {
				w.WriteHeader(400)
				return
			}
			_, _ = w.Write(file)
		}, models: func(w http.ResponseWriter, r *http.Request) {
			_, header, err := r.FormFile("file")
			want := map[string][]string{"mp3": {"RE1.mp3", "audio/mpeg"}, "wav": {"RE1-1.wav", "audio/wav"}}[name]
			if err != nil || header.Filename != want[0] || header.Header.Get("Content-Type") != want[1] {
				t.Errorf("file: %+v, %v", header, err)
			}
			if r.FormValue("language") != "en" {
				t.Errorf("language %q", r.FormValue("language"))
			}
			_, _ = io.WriteString(w, `{"text":"How many cases do you sell in a week? Forty."}`)
		}}
		if err := s.run(t, store); err != nil {
			t.Fatal(err)
		}
		want := []interview.Utterance{{CallID: "call-1", RecordingSid: "RE1", Speaker: interview.SpeakerUnknown,
			Text: "How many cases do you sell in a week? Forty.", StartSec: 0, EndSec: 9}}
		if !reflect.DeepEqual(store.saved, want) {
			t.Errorf("%s: %+v", name, store.saved)
		}
	}
}

func TestModelWithoutTimesSpansTheRecording(t *testing.T) {
	store := begun(2)
	s := &studio{media: serve(twoChannels()), models: hear(map[byte]string{
		1: `{"text":"How many cases do you sell in a week?"}`, 2: `{"text":"Forty.\u0000"}`})}
	if err := s.run(t, store); err != nil {
		t.Fatal(err)
	}
	if len(store.saved) != 2 || store.saved[0].EndSec != 9 || store.saved[1].Text != "Forty." || store.saved[1].Speaker != interview.SpeakerCallee {
		t.Errorf("%+v", store.saved)
	}
}

func TestSilenceIsATranscript(t *testing.T) {
	store := begun(2)
	s := &studio{media: serve(twoChannels()), models: hear(map[byte]string{1: `{"text":""}`, 2: `{"text":"","segments":[]}`})}
	if err := s.run(t, store); err != nil {
		t.Fatal(err)
	}
	if store.saves != 1 || len(store.saved) != 0 {
		t.Errorf("%d saves of %+v", store.saves, store.saved)
	}
}

func TestNothingIsFetchedWithoutConsent(t *testing.T) {
	refused := begun(2)
	refused.begin.Call.Consent = interview.ConsentRefused
	skipped := &transcriptLedger{begin: interview.Transcription{Skip: true}}
	lost := begun(2)
	lost.err = jobs.ErrLostRun
	for name, test := range map[string]struct {
		store *transcriptLedger
		check func(error) bool
	}{
		"refused":  {refused, jobs.IsPermanent},
		"skipped":  {skipped, func(err error) bool { return err == nil }},
		"lost run": {lost, func(err error) bool { return errors.Is(err, jobs.ErrLostRun) }},
	} {
		s := &studio{media: fail(500), models: fail(500)}
		if err := s.run(t, test.store); !test.check(err) {
			t.Errorf("%s: %v", name, err)
		}
		if s.downloads.Load() != 0 || test.store.saves != 0 {
			t.Errorf("%s: %d downloads, %d saves", name, s.downloads.Load(), test.store.saves)
		}
	}
}

func TestOnlyCurableFailuresAreTriedAgain(t *testing.T) {
	heard := hear(map[byte]string{1: `{"text":""}`, 2: `{"text":""}`})
	for name, test := range map[string]struct {
		media, models http.HandlerFunc
		permanent     bool
	}{
		"media not ready":    {fail(404), heard, false},
		"media server error": {fail(503), heard, false},
		"media throttled":    {fail(429), heard, false},
		"media empty":        {serve(nil), heard, false},
		"media connection":   {drop, heard, false},
		"media forbidden":    {fail(403), heard, false}, // to the account, until somebody mends that
		"media unauthorized": {fail(401), heard, false},
		"media refused":      {fail(400), heard, true},
		"media too large":    {huge, heard, true},
		"media elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://example.test/x", http.StatusFound)
		}, heard, true},
		"model throttled":        {serve(twoChannels()), fail(429), false},
		"model server error":     {serve(twoChannels()), fail(500), false},
		"model connection":       {serve(twoChannels()), drop, false},
		"model refuses the file": {serve(twoChannels()), fail(400), true},
		"model refuses the key":  {serve(twoChannels()), fail(401), true},
		"model is not there":     {serve(twoChannels()), fail(404), true},
		"model finds it large":   {serve(twoChannels()), fail(413), true},
	} {
		store := begun(2)
		err := (&studio{media: test.media, models: test.models}).run(t, store)
		if err == nil || jobs.IsPermanent(err) != test.permanent || store.saves != 0 {
			t.Errorf("%s: permanent %v, %d saves: %v", name, jobs.IsPermanent(err), store.saves, err)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the token is in the error", name)
		}
	}
}

func TestBeingAskedForPatienceUsesUpAnAttempt(t *testing.T) {
	err := (&studio{media: fail(429), models: hear(nil)}).run(t, begun(2))
	if _, waits := jobs.WaitUntil(err); !waits {
		t.Errorf("a throttled download counts as a failed attempt: %v", err)
	}
}

func huge(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "999999999") }
