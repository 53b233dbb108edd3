package app

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/simulator"
)

// A simulated interview, from the dial to the sound: the worker keeps the waveform, and the console plays what lies at Twilio.
func TestRecordingOfAnInterviewIsPlayedFromTwilio(t *testing.T) {
	const account, token = "AC00000000000000000000000000000001", "0123456789abcdef0123456789abcdef"
	twilio, err := simulator.New(simulator.Config{AccountSid: account, AuthToken: token, OpenAIKey: "none",
		Pick: func(string, int) simulator.Script { return simulator.Consents() }})
	if err != nil {
		t.Fatal(err)
	}
	at := httptest.NewServer(twilio)
	t.Cleanup(func() {
		_ = twilio.Close()
		at.Close()
	})
	listener, url := listen(t)
	run(t, Config{
		AuthToken: token, AccountSid: account, PhoneNumber: "+15550000000", APIURL: at.URL, URL: url, DatabaseURL: storetest.SQLite(t),
		Host: "127.0.0.1", Port: "0", AdminToken: adminToken, OpenAIBaseURL: at.URL + "/v1", OpenAIKey: "none", TranscribeModel: "simulated",
		ExtractModel: "simulated", JobsEngine: "river", DialsPerMinute: "1000", LogFormat: "text", LogLevel: "error",
	}, Options{Listener: listener, StopWithin: 5 * time.Second})

	campaign := post(t, url+"/api/campaigns", `{"name":"n","category":"c","promptTemplate":"- What do you pay for a case?\n- How many do you sell?","status":"ACTIVE","identity":{"organisation":"Shelf Research","callbackNumber":"+15550009999","purpose":"prices on the shelf"},"callingHours":[{"days":"mon-sun","from":"00:00","to":"24:00"}],"hypotheses":[{"question":"Is it?"}]}`)
	post(t, url+"/api/campaigns/"+campaign+"/calls", `{"phoneNumbers":["+15551234567"]}`)
	_, after, _ := strings.Cut(askUntil(t, url+"/console/calls", `/console/calls/01`), `/console/calls/01`)
	id := "01" + after[:24]
	page := askUntil(t, url+"/console/calls/"+id, `class="wave callee"`)
	askUntil(t, url+"/console/calls/"+id, "forty cases per week")
	if !strings.Contains(page, `class="wave agent"`) {
		t.Errorf("the waveforms do not say whose they are:\n%s", page)
	}
	_, src, _ := strings.Cut(page, `preload="none" src="`)
	src, _, _ = strings.Cut(src, `"`)
	whole, audio := ask(t, "GET", url+src, "")
	if whole.StatusCode != http.StatusOK || whole.ContentLength != int64(len(audio)) || !strings.HasPrefix(audio, "RIFF") {
		t.Fatalf("%s %v, %d bytes", whole.Status, whole.Header, len(audio))
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", url+src, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("eve", adminToken)
	r.Header.Set("Range", "bytes=2000-2999")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	part, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusPartialContent || !bytes.Equal(part, []byte(audio[2000:3000])) {
		t.Errorf("%s, %d bytes, %v", response.Status, len(part), err)
	}
}
