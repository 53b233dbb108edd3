package console_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/browsertest"
	"github.com/i-agent/iagent/internal/console"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/webhook"
)

// wavFile is a WAV of two channels, 16 bits and 8 kHz, whose samples are made as they are read: it may be as long as one likes.
type wavFile struct{ seconds int64 }

const recordingHead, recordingSecond = 44, 8000 * 2 * 2

func (t wavFile) size() int64 { return recordingHead + t.seconds*recordingSecond }

func (t wavFile) head() []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), uint32(t.size()-8))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00"...)
	b = le.AppendUint32(le.AppendUint32(b, 8000), recordingSecond)
	b = append(b, "\x04\x00\x10\x00data"...)
	return le.AppendUint32(b, uint32(t.size()-recordingHead))
}

// ReadAt implements io.ReaderAt: a tone.
func (t wavFile) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	for ; n < len(p) && at+int64(n) < t.size(); n++ {
		i := at + int64(n)
		if i < recordingHead {
			p[n] = t.head()[i]
			continue
		}
		frame := (i - recordingHead) / 4
		p[n] = byte(int16(4000*math.Sin(float64(frame)*0.2)) >> (8 * (i % 2)))
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// recordingsOfTest are the recordings of a test.
type recordingsOfTest struct {
	wavFile
	err     error
	account string
}

func (t *recordingsOfTest) OpenRecording(_ context.Context, account, _ string, _ int, _, at int64) (console.Audio, error) {
	if t.err != nil {
		return nil, t.err
	}
	t.account = account
	s := io.NewSectionReader(t.wavFile, 0, t.size())
	_, err := s.Seek(at, io.SeekStart)
	return openRecording{s}, err
}

type openRecording struct{ *io.SectionReader }

func (openRecording) Close() error        { return nil }
func (openRecording) ContentType() string { return "audio/wav" }

// interviewed is a call with consent and a recording RE1 that was transcribed and mined for claims. It returns the call's id.
func interviewed(t *testing.T, o *site, seconds int64) string {
	t.Helper()
	ctx := t.Context()
	c, err := o.store.CreateCampaign(ctx, interview.Campaign{Name: "Oats", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(), Hypotheses: []interview.Hypothesis{{Question: "Do shops pay more than ten dollars a case?"}}})
	if err != nil {
		t.Fatal(err)
	}
	var id string
	_, err = o.store.CreateCalls(ctx, store.NewCalls{CampaignID: c.ID, PhoneNumbers: []string{"+15557654321"}, Answer: func(made []interview.Call) (store.Answer, error) {
		id = made[0].ID
		return store.Answer{Body: []byte{}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	o.call(id).hears(seconds, c.Hypotheses[0].ID)
	return id
}

// spoken is a call whose webhooks a test sends.
type spoken struct {
	*site
	id        string
	processor *store.Processor
}

func (o *site) call(id string) *spoken {
	decisions := webhook.New(webhook.Config{URLs: interview.CallbackURLs{Base: "https://calls.example.com"}})
	return &spoken{o, id, store.NewProcessor(o.store, decisions.Decide)}
}

func (s *spoken) send(kind inbox.Kind, parameters ...string) {
	s.t.Helper()
	form, query := map[string][]string{"CallSid": {"CA" + s.id}, "AccountSid": {"AC1"}, "To": {"+15551234567"}}, map[string][]string{"callId": {s.id}}
	for i := 0; i+1 < len(parameters); i += 2 {
		into := form
		if parameters[i] == "step" || parameters[i] == "attempt" {
			into = query
		}
		into[parameters[i]] = []string{parameters[i+1]}
	}
	event, subject, err := webhook.Identify(kind, form, query)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = s.processor.Process(s.t.Context(), &inbox.Event{ID: event, Kind: kind, Subject: subject, CallSid: "CA" + s.id, AccountSid: "AC1",
		Body: []byte{}, Form: form, Query: query, ReceivedAt: time.Now()})
	if err != nil {
		s.t.Fatal(err)
	}
}

// start takes a run of a function, as a worker would.
func (s *spoken) start(function interview.Function, key string) interview.Run {
	s.t.Helper()
	runs, err := s.store.Runs(s.t.Context(), store.RunFilter{CallID: s.id, Function: function}, store.Page{Limit: 10})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range runs.Items {
		if r.Key == key {
			started, _, err := s.store.StartRun(s.t.Context(), r.ID)
			if err != nil {
				s.t.Fatal(err)
			}
			return started
		}
	}
	s.t.Fatalf("no run %s %s", function, key)
	return interview.Run{}
}

func (s *spoken) hears(seconds int64, hypothesis string) {
	s.t.Helper()
	ctx := s.t.Context()
	s.send(inbox.KindVoice, "CallStatus", "in-progress")
	s.send(webhook.KindConsent, "SpeechResult", "yes")
	s.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1",
		"RecordingDuration", fmt.Sprint(seconds), "RecordingChannels", "2")
	s.send(inbox.KindStatus, "CallStatus", "completed", "CallDuration", fmt.Sprint(seconds))
	run := s.start(interview.TranscribeRecording, s.id+":RE1")
	w := interview.Waveform{CallID: s.id, RecordingSid: "RE1", Format: "wav", Size: wavFile{seconds}.size(), Seconds: float64(seconds), Peaks: make([][]byte, 2)}
	for n := range w.Peaks {
		for i := range interview.WaveformPoints {
			w.Peaks[n] = append(w.Peaks[n], byte(20+200*(((i/60)+n)%2)*(i%7)/7))
		}
	}
	if err := s.store.SaveWaveform(ctx, run, w); err != nil {
		s.t.Fatal(err)
	}
	said := []interview.Utterance{
		{Speaker: interview.SpeakerAgent, Channel: 1, Text: "What do you pay for a case?", StartSec: 1.5, EndSec: 3},
		{Speaker: interview.SpeakerCallee, Channel: 2, Text: "Well, we pay about twelve dollars fifty a case. Call me at 555 123 4567.", StartSec: 4, EndSec: 8.5},
	}
	for at := 12.5; at < float64(seconds)-10; at += 12 {
		said = append(said, interview.Utterance{Speaker: interview.SpeakerAgent, Channel: 1, Text: "And how many do you sell?", StartSec: at, EndSec: at + 3},
			interview.Utterance{Speaker: interview.SpeakerCallee, Channel: 2, Text: "It sells around forty cases per week, I think.", StartSec: at + 5, EndSec: at + 9})
	}
	if err := s.store.SaveTranscript(ctx, run, s.id, "RE1", said); err != nil {
		s.t.Fatal(err)
	}
	run = s.start(interview.ExtractClaims, s.id+":RE1")
	price, supports := 12.5, true
	err := s.store.SaveClaims(ctx, run, s.id, "RE1", []interview.Claim{
		{HypothesisID: hypothesis, Field: interview.FieldPrice, ValueNumber: &price, ValueText: "twelve dollars fifty", Unit: interview.UnitUSD, Text: "A case costs 12.50 dollars.",
			RawText: "we pay about twelve dollars fifty a case", StartSec: 4.3, EndSec: 7, Confidence: 0.9, Supports: &supports, Model: "gpt-4o-mini"},
		{HypothesisID: hypothesis, Field: interview.FieldPrice, Unit: interview.UnitNone, Text: "They pay for each case.", RawText: "What do you pay for a case?",
			Rejected: "the quote is what we said ourselves", Confidence: 0.4, LowConfidence: true, Model: "gpt-4o-mini"},
		{HypothesisID: hypothesis, Field: interview.FieldVelocity, Unit: interview.UnitNone, Text: "They sell a lot.", RawText: "we sell hundreds of them",
			Rejected: "the quote was not said", Model: "gpt-4o-mini"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// listenings are the entries of the audit log.
func (o *site) listenings(call string) []store.Audited {
	o.t.Helper()
	log, err := o.store.AuditLog(o.t.Context(), store.AuditFilter{Action: interview.AuditListen, Subject: call}, store.Page{Limit: 100})
	if err != nil {
		o.t.Fatal(err)
	}
	return log.Items
}

// audioOf is the address of the audio in the page of a call.
func (o *site) audioOf(call string) string {
	o.t.Helper()
	_, body := o.do("GET", "/console/calls/"+call, "")
	_, after, ok := strings.Cut(body, `preload="none" src="`)
	if !ok {
		o.t.Fatalf("no audio in the page:\n%s", body)
	}
	src, _, _ := strings.Cut(after, `"`)
	return src
}

func TestAudioIsServedInParts(t *testing.T) {
	o := open(t, tokensOf(t))
	o.recordings.wavFile = wavFile{seconds: 60}
	id := interviewed(t, o, 60)
	o.signIn(adminToken)
	src := o.audioOf(id)
	whole, body := o.do("GET", src, "", "Accept: */*")
	tag := whole.Header.Get("ETag")
	if whole.StatusCode != http.StatusOK || int64(len(body)) != o.recordings.size() || whole.ContentLength != o.recordings.size() ||
		whole.Header.Get("Accept-Ranges") != "bytes" || whole.Header.Get("Content-Type") != "audio/wav" || !strings.Contains(whole.Header.Get("Cache-Control"), "no-store") || tag == "" {
		t.Errorf("%s %v, %d bytes", whole.Status, whole.Header, len(body))
	}
	for _, test := range []struct {
		headers []string
		status  int
		want    string
	}{
		{[]string{"Range: bytes=1000-1999"}, 206, body[1000:2000]},
		{[]string{"Range: bytes=1919000-"}, 206, body[1919000:]},
		{[]string{"Range: bytes=-500"}, 206, body[len(body)-500:]},
		{[]string{"Range: bytes=10-19", "If-Range: " + tag}, 206, body[10:20]},
		{[]string{"Range: bytes=10-19", `If-Range: "another"`}, 200, body},
		{[]string{"Range: bytes=9999999-"}, 416, ""},
		{[]string{"Range: bytes=0-1,5-6"}, 200, body},
	} {
		response, got := o.do("GET", src, "", append(test.headers, "Accept: */*")...)
		if response.StatusCode != test.status || test.want != "" && got != test.want {
			t.Errorf("%v: %s, %d bytes", test.headers, response.Status, len(got))
		}
		if want := fmt.Sprintf("/%d", o.recordings.size()); test.status == 206 && !strings.HasSuffix(response.Header.Get("Content-Range"), want) {
			t.Errorf("%v: %q", test.headers, response.Header.Get("Content-Range"))
		}
	}
	if got := o.listenings(id); len(got) != 1 || got[0].Detail["recording"] != "RE1" || o.recordings.account != "AC1" {
		t.Errorf("%d entries of one opening: %+v; account %q", len(got), got, o.recordings.account)
	}
	o.do("GET", o.audioOf(id), "", "Accept: */*", "Range: bytes=0-1")
	if got := o.listenings(id); len(got) != 2 {
		t.Errorf("%d entries of two openings", len(got))
	}
}

func TestVoicesAreForAdminsOnly(t *testing.T) {
	o := open(t, tokensOf(t))
	o.recordings.wavFile = wavFile{seconds: 60}
	id := interviewed(t, o, 60)
	o.signIn(adminToken)
	src := o.audioOf(id)
	o.signIn(viewerToken)
	if response, body := o.do("GET", src, "", "Accept: */*"); response.StatusCode != http.StatusForbidden || strings.Contains(body, "RIFF") {
		t.Error(response.Status)
	}
	_, page := o.do("GET", "/console/calls/"+id, "")
	if strings.Contains(page, "<audio") || strings.Contains(page, "/audio") || !strings.Contains(page, "listening needs ADMIN_TOKEN") {
		t.Errorf("a viewer's page:\n%s", page)
	}
	if strings.Contains(page, "123 4567") || !strings.Contains(page, "<mark>we pay about twelve dollars fifty a case</mark>") {
		t.Errorf("a viewer's transcript:\n%s", page)
	}
	o.do("POST", "/console/sign-out", "")
	if response, _ := o.do("GET", src, "", "Accept: */*"); response.StatusCode != http.StatusUnauthorized {
		t.Error(response.Status)
	}
	if got := o.listenings(id); len(got) != 0 {
		t.Errorf("%d entries though nobody listened", len(got))
	}
}

func TestPageSaysWhyARecordingCannotBePlayed(t *testing.T) {
	o := open(t, tokensOf(t))
	o.recordings.wavFile = wavFile{seconds: 60}
	o.signIn(adminToken)
	page := func(id string) string {
		_, body := o.do("GET", "/console/calls/"+id, "")
		return body
	}
	for status, says := range map[string]string{"in-progress": "The call is being recorded", "absent": "Twilio has no audio", "failed": "could not make this recording"} {
		_, calls := o.called("oats "+status, "+15551234567")
		c := o.call(calls[0])
		if got := page(c.id); !strings.Contains(got, "Nothing is recorded before the person agrees") {
			t.Errorf("before the call:\n%s", got)
		}
		c.send(inbox.KindVoice, "CallStatus", "in-progress")
		c.send(webhook.KindConsent, "SpeechResult", "yes")
		c.send(inbox.KindRecording, "RecordingSid", "RE"+status, "RecordingStatus", status)
		if got := page(c.id); !strings.Contains(got, says) || strings.Contains(got, "<audio") {
			t.Errorf("%s:\n%s", status, got)
		}
		c.send(inbox.KindStatus, "CallStatus", "completed")
		if got := page(c.id); status == "in-progress" && !strings.Contains(got, "still processing") {
			t.Errorf("after the call:\n%s", got)
		}
		if response, body := o.do("GET", "/console/calls/"+c.id+"/recordings/RE"+status+"/audio", ""); response.StatusCode != http.StatusNotFound || strings.Contains(body, "RIFF") {
			t.Errorf("%s: %s %s", status, response.Status, body)
		}
	}
	id := interviewed(t, o, 60)
	src := o.audioOf(id)
	o.recordings.err = console.ErrNoAudio
	if response, body := o.do("GET", src, ""); response.StatusCode != http.StatusNotFound || !strings.Contains(body, "or not yet") {
		t.Errorf("%s %s", response.Status, body)
	}
	o.recordings.err = errors.New("connection refused")
	if response, body := o.do("GET", src, ""); response.StatusCode != http.StatusBadGateway || strings.Contains(body, "refused") {
		t.Errorf("%s %s", response.Status, body)
	}
	o.call(id).send(webhook.KindConsent, "attempt", "2", "SpeechResult", "no")
	if got := page(id); !strings.Contains(got, "no consent") || strings.Contains(got, "<audio") {
		t.Errorf("without consent:\n%s", got)
	}
	if response, _ := o.do("GET", src, ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("without consent: %s", response.Status)
	}
	if got := o.listenings(id); len(got) != 0 {
		t.Errorf("%d entries though nothing was sent", len(got))
	}
}

func TestClaimCardSaysWhatItIsWorth(t *testing.T) {
	o := open(t, tokensOf(t))
	id := interviewed(t, o, 60)
	o.signIn(adminToken)
	_, page := o.do("GET", "/console/calls/"+id, "")
	for _, want := range []string{
		"12.5 USD", "twelve dollars fifty", "0.90 of 1", "gpt-4o-mini", "Do shops pay more than ten dollars a case?",
		"Well, <mark>we pay about twelve dollars fifty a case</mark>. Call me",
		"our own question or announcement, not the person&#39;s answer", "<mark>What do you pay for a case</mark>?",
		"words that are not in the transcript", "not found in the transcript",
		"The person never said “hundreds”, “of” or “them”.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
}

// "Why is this claim rejected?" is asked by somebody who has the claim's id, or who has only heard of one.
func TestRejectedClaimIsFoundByItsIDAndInTheListOfCalls(t *testing.T) {
	o := open(t, tokensOf(t))
	_, others := o.called("barley", "+15550000001")
	id := interviewed(t, o, 60)
	o.signIn(viewerToken)
	list := o.get("/console/calls?claims=rejected")
	wants(t, "the list", list, []string{`href="/console/calls/` + id + `?claims=rejected#claims"`, "claims: with a rejected claim"}, []string{others[0]})
	wants(t, "the menu of conditions", o.get("/console/calls"), []string{`<option value="rejected">with a rejected claim</option>`, others[0]}, nil)
	detail, err := o.store.CallDetail(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	claim := detail.Claims[2].ID
	if response, _ := o.do("GET", "/console/find?q="+claim, ""); response.Header.Get("Location") != "/console/calls/"+id+"#claim-"+claim {
		t.Errorf("found at %s", response.Header.Get("Location"))
	}
	wants(t, "the call", o.get("/console/calls/"+id), []string{`id="claim-` + claim + `"`}, nil)
}

func TestCallSaysWhatThePersonHeardLast(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567")
	o.signIn(viewerToken)
	wants(t, "a call that nobody answered", o.get("/console/calls/"+calls[0]), nil, []string{"Heard last from us"})
	o.call(calls[0]).send(inbox.KindVoice, "CallStatus", "in-progress")
	wants(t, "a call that was answered", o.get("/console/calls/"+calls[0]), []string{"Heard last from us", "our last answer, if they stayed on the line"}, nil)
	wants(t, "a call with a transcript", o.get("/console/calls/"+interviewed(t, o, 60)), []string{"“And how many do you sell?” <a href=\"#transcript\">on the recording</a>"}, nil)
}

// A recording of 100 MB goes through the server as it is read.
func TestMemoryIsFlatWhileAudioIsSent(t *testing.T) {
	o := open(t, tokensOf(t))
	o.recordings.wavFile = wavFile{seconds: 3200}
	id := interviewed(t, o, 3200)
	o.signIn(adminToken)
	r, err := http.NewRequestWithContext(t.Context(), "GET", o.url+o.audioOf(id), nil)
	if err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	response, err := o.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	before, most, sent := heap(), uint64(0), int64(0)
	for range 10 {
		n, err := io.CopyN(io.Discard, response.Body, o.recordings.size()/10)
		if sent += n; err != nil {
			t.Fatal(err)
		}
		most = max(most, heap())
	}
	if sent < 100_000_000 || most > before+4<<20 {
		t.Errorf("%d bytes were sent; the heap grew from %d to %d", sent, before, most)
	}
	t.Logf("%d bytes were sent; the heap was %d KiB at the beginning and %d KiB at most", sent, before>>10, most>>10)
}

// A server that stops does not wait for whoever listens.
func TestAudioEndsWithTheServer(t *testing.T) {
	o := open(t, tokensOf(t))
	o.recordings.wavFile = wavFile{seconds: 3200}
	id := interviewed(t, o, 3200)
	o.signIn(adminToken)
	r, err := http.NewRequestWithContext(t.Context(), "GET", o.url+o.audioOf(id), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := o.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.CopyN(io.Discard, response.Body, 1000); err != nil {
		t.Fatal(err)
	}
	o.pages.EndAudio()
	if n, err := io.Copy(io.Discard, response.Body); err == nil {
		t.Errorf("%d bytes more were sent", n)
	}
}

func TestPlayerOfFortyMinutesIsReadyAtOnceAndSeeksExactly(t *testing.T) {
	o := open(t, tokensOf(t))
	o.recordings.wavFile = wavFile{seconds: 2400}
	id := interviewed(t, o, 2400)
	tab := browser.Start(t)(t, browsertest.Look{})
	o.signedIn(t, tab, adminToken)
	tab.Go(o.url + "/console/calls/" + id)
	tab.Until(`document.querySelector("[data-ready]")`)
	ready := browsertest.Eval[float64](tab, `performance.now()`)
	t.Logf("the player was ready %.0f ms after the page was asked for", ready)
	if ready > 10_000 { // under 1 s on an idle machine
		t.Errorf("the player was ready after %.0f ms", ready)
	}
	if got := o.listenings(id); len(got) != 0 {
		t.Errorf("%d entries before anybody listened", len(got))
	}
	near := func(second float64) string {
		return fmt.Sprintf(`!document.querySelector("audio").seeking && document.querySelector("audio").readyState >= 2 && document.querySelector("audio").currentTime >= %v - 0.01`, second)
	}
	// A sentence in the middle of the transcript, and the quote of a claim.
	for _, click := range []struct {
		selector string
		second   float64
	}{{`[data-reading] li[data-start="1224.5"] .said`, 1224.5}, {`#claim-1 [data-seek]`, 4.3}, {`[data-reading] li[data-start="2376.5"] .at`, 2376.5}} {
		// The audio goes on as soon as it is there, so its position is read while it seeks.
		browsertest.Eval[bool](tab, `(() => {
			const audio = document.querySelector("audio");
			window.sought = window.seeked = undefined;
			audio.addEventListener("seeking", () => { window.sought ??= audio.currentTime; }, { once: true });
			audio.addEventListener("seeked", () => { window.seeked = true; }, { once: true });
			return true;
		})()`)
		tab.Click(click.selector)
		tab.Until(near(click.second) + ` && window.seeked`)
		if at := browsertest.Eval[float64](tab, `window.sought`); math.Abs(at-click.second) > 0.2 {
			t.Errorf("%s: at %v", click.selector, at)
		}
		browsertest.Eval[bool](tab, `(document.querySelector("audio").pause(), true)`)
	}
	if got := browsertest.Eval[string](tab, `document.querySelector("[aria-current=true] .at").textContent`); got != "39:36" {
		t.Errorf("the transcript is at %q", got)
	}
	if got := browsertest.Eval[float64](tab, `document.querySelector("audio").duration`); math.Abs(got-2400) > 0.1 {
		t.Errorf("%v s", got)
	}
	// Keys: play goes on from here, and back goes 5 s back.
	tab.Press("b")
	tab.Until(`Math.abs(document.querySelector("audio").currentTime - 2371.5) < 0.2`)
	tab.Press("p")
	tab.Until(`!document.querySelector("audio").paused && document.querySelector("audio").currentTime > 2371.7`)
	tab.Press("p")
	tab.Until(`document.querySelector("audio").paused`)
	if got := o.listenings(id); len(got) != 1 {
		t.Errorf("%d entries of one opening", len(got))
	}
}

func TestTranscriptAndAudioWorkWithoutScripts(t *testing.T) {
	o := open(t, tokensOf(t))
	o.recordings.wavFile = wavFile{seconds: 60}
	id := interviewed(t, o, 60)
	o.signIn(adminToken)
	_, page := o.do("GET", "/console/calls/"+id, "")
	for _, want := range []string{`<audio controls preload="none" src="/console/calls/` + id + `/recordings/RE1/audio?opening=`, "#t=12.5", "And how many do you sell?", `data-controls`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if n := strings.Count(page, `class="wave`); n < 3 {
		t.Errorf("%d waveforms", n)
	}
}
