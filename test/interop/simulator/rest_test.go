package simulator_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	twilioclient "github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/i-agent/iagent/simulator"
)

// code is the error code that the official client was given.
func code(t *testing.T, err error) (status, number int) {
	t.Helper()
	var e *twilioclient.TwilioRestError
	if !errors.As(err, &e) {
		t.Fatalf("not an error of Twilio's: %v", err)
	}
	if e.Message == "" || e.MoreInfo == "" {
		t.Errorf("no explanation: %+v", e)
	}
	return e.Status, e.Code
}

func TestCreateRefusesWhatTwilioRefuses(t *testing.T) {
	r := newFixture(t, simulator.Config{Numbers: []string{testFrom}})
	for name, test := range map[string]struct {
		change func(*openapi.CreateCallParams)
		code   int
	}{
		"no To":             {func(p *openapi.CreateCallParams) { p.To = nil }, 21201},
		"no From":           {func(p *openapi.CreateCallParams) { p.From = nil }, 21213},
		"To not E.164":      {func(p *openapi.CreateCallParams) { p.SetTo("5557770001") }, 21211},
		"To too long":       {func(p *openapi.CreateCallParams) { p.SetTo("+1234567890123456") }, 21211},
		"From not E.164":    {func(p *openapi.CreateCallParams) { p.SetFrom("me") }, 21212},
		"From not ours":     {func(p *openapi.CreateCallParams) { p.SetFrom("+15559999999") }, 21210},
		"no Url":            {func(p *openapi.CreateCallParams) { p.Url = nil }, 21205},
		"Url not absolute":  {func(p *openapi.CreateCallParams) { p.SetUrl("/voice") }, 21205},
		"callback relative": {func(p *openapi.CreateCallParams) { p.SetStatusCallback("status") }, 21609},
		"Method":            {func(p *openapi.CreateCallParams) { p.SetMethod("PUT") }, 21209},
	} {
		params := &openapi.CreateCallParams{}
		params.SetTo("+15557770001").SetFrom(testFrom).SetUrl("https://h.example/voice")
		test.change(params)
		_, err := r.client.Api.CreateCall(params)
		if status, number := code(t, err); status != 400 || number != test.code {
			t.Errorf("%s: %d %d, want 400 %d", name, status, number, test.code)
		}
	}
	if n := len(r.sim.Truths()); n != 0 {
		t.Errorf("%d calls were placed all the same", n)
	}
}

func TestWrongCredentialsAreRefusedEverywhere(t *testing.T) {
	r := newFixture(t, simulator.Config{})
	client := officialClient(r.api.URL, "wrong")
	_, err := client.Api.FetchCall("CA1", nil)
	if status, number := code(t, err); status != 401 || number != 20003 {
		t.Errorf("wrong token: %d %d", status, number)
	}
	_, err = r.client.Api.FetchCall("CA1", (&openapi.FetchCallParams{}).SetPathAccountSid("ACffffffffffffffffffffffffffffffff"))
	if status, number := code(t, err); status != 401 || number != 20003 {
		t.Errorf("another account: %d %d", status, number)
	}
	response, err := http.Get(r.api.URL + "/2010-04-01/Accounts/" + testAccount + "/Recordings/RE1.wav")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 401 {
		t.Errorf("media without credentials: %d", response.StatusCode)
	}
}

func TestUnknownResourcesAreNotFound(t *testing.T) {
	r := newFixture(t, simulator.Config{})
	_, err := r.client.Api.FetchCall("CA1", nil)
	if status, number := code(t, err); status != 404 || number != 20404 {
		t.Errorf("a call: %d %d", status, number)
	}
	_, err = r.client.Api.FetchRecording("RE1", nil)
	if status, number := code(t, err); status != 404 || number != 20404 {
		t.Errorf("a recording: %d %d", status, number)
	}
	err = r.client.Api.DeleteCall("CA1", nil)
	if status, _ := code(t, err); status != 404 {
		t.Errorf("deleting a call: %d", status)
	}
}

func TestOfficialClientReadsAFinishedCall(t *testing.T) {
	r, truth, _ := play(t, simulator.Consents())
	call, err := r.client.Api.FetchCall(truth.CallSid, nil)
	if err != nil {
		t.Fatal(err)
	}
	if *call.Status != "completed" || *call.To != truth.To || *call.From != testFrom || *call.Direction != "outbound-api" {
		t.Errorf("fetched %s", asJSON(t, call))
	}
	start, err1 := time.Parse(time.RFC1123Z, *call.StartTime)
	end, err2 := time.Parse(time.RFC1123Z, *call.EndTime)
	if err1 != nil || err2 != nil || !start.Equal(testNow) || end.Sub(start) < 20*time.Second {
		t.Errorf("from %v to %v: %v %v", start, end, err1, err2)
	}
	if *call.Duration != fmt.Sprint(truth.Duration) || truth.Duration < 20 {
		t.Errorf("duration %s, truth %d", *call.Duration, truth.Duration)
	}
}

func TestListFiltersAndPages(t *testing.T) {
	r := newFixture(t, simulator.Config{Pick: func(to string, _ int) simulator.Script {
		if to == "+15557770003" {
			return simulator.Busy()
		}
		return simulator.Refuses()
	}})
	for i := range 7 {
		r.call(t, fmt.Sprintf("+1555777%04d", i))
	}
	r.call(t, "+15557770001")
	r.wait(t)
	list := func(change func(*openapi.ListCallParams)) []string {
		t.Helper()
		params := (&openapi.ListCallParams{}).SetPageSize(3)
		change(params)
		calls, err := r.client.Api.ListCall(params)
		if err != nil {
			t.Fatal(err)
		}
		var to []string
		for _, c := range calls {
			to = append(to, (*c.To)[8:])
		}
		return to
	}
	for name, test := range map[string]struct {
		change func(*openapi.ListCallParams)
		want   []string
	}{
		"all, over three pages, newest first": {func(*openapi.ListCallParams) {},
			[]string{"0001", "0006", "0005", "0004", "0003", "0002", "0001", "0000"}},
		"To":             {func(p *openapi.ListCallParams) { p.SetTo("+15557770001") }, []string{"0001", "0001"}},
		"From":           {func(p *openapi.ListCallParams) { p.SetFrom("+15550000000") }, nil},
		"Status":         {func(p *openapi.ListCallParams) { p.SetStatus("busy") }, []string{"0003"}},
		"since today":    {func(p *openapi.ListCallParams) { p.SetTo("+15557770002").SetStartTimeAfter(testNow) }, []string{"0002"}},
		"since tomorrow": {func(p *openapi.ListCallParams) { p.SetStartTimeAfter(testNow.Add(24 * time.Hour)) }, nil},
		"until today":    {func(p *openapi.ListCallParams) { p.SetTo("+15557770002").SetStartTimeBefore(testNow) }, []string{"0002"}},
		"on another day": {func(p *openapi.ListCallParams) { p.SetStartTime(testNow.Add(-24 * time.Hour)) }, nil},
		"limit":          {func(p *openapi.ListCallParams) { p.SetLimit(4) }, []string{"0001", "0006", "0005", "0004"}},
	} {
		if got := list(test.change); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// during runs f while the application is answering the first request to this path, and so in the middle of the call.
func (r *fixture) during(path string, f func(sid string)) {
	done := false
	r.app.broken = func(_ http.ResponseWriter, request *http.Request) bool {
		if request.URL.Path == path && !done {
			done = true
			f(request.PostForm.Get("CallSid"))
		}
		return false
	}
}

func TestCallIsChangedOverREST(t *testing.T) {
	for name, test := range map[string]struct {
		during string
		change openapi.UpdateCallParams
		log    string
		status string
	}{
		"completed": {"/voice", *(&openapi.UpdateCallParams{}).SetStatus("completed"), "initiated ringing in-progress voice completed", "completed"},
		"Twiml": {"/voice", *(&openapi.UpdateCallParams{}).SetTwiml("<Response><Say>Goodbye, machine.</Say><Hangup/></Response>"),
			"initiated ringing in-progress voice completed", "completed"},
		"canceled":                    {"/status", *(&openapi.UpdateCallParams{}).SetStatus("canceled"), "initiated canceled", "canceled"},
		"completed before the answer": {"/status", *(&openapi.UpdateCallParams{}).SetStatus("completed"), "initiated canceled", "canceled"},
	} {
		r := newFixture(t, simulator.Config{Pick: func(string, int) simulator.Script { return simulator.Refuses() }})
		r.during(test.during, func(sid string) {
			if _, err := r.client.Api.UpdateCall(sid, &test.change); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		sid := r.call(t, "+15557770001")
		r.wait(t)
		truth := r.sim.Truths()[0]
		if got := kinds(r.sim.Deliveries()); got != test.log || truth.Status != test.status {
			t.Errorf("%s: %s, sent %s", name, truth.Status, got)
		}
		if name == "Twiml" && truth.Lines[0].Text != "Goodbye, machine." {
			t.Errorf("%s: said %+v", name, truth.Lines)
		}
		_, err := r.client.Api.UpdateCall(sid, &test.change)
		if status, number := code(t, err); status != 400 || number != 21220 {
			t.Errorf("%s of a call that is over: %d %d", name, status, number)
		}
	}
}

func TestCallIsRedirectedOverREST(t *testing.T) {
	r := newFixture(t, simulator.Config{Pick: func(string, int) simulator.Script { return simulator.Refuses() }})
	r.during("/voice", func(sid string) {
		if _, err := r.client.Api.UpdateCall(sid, (&openapi.UpdateCallParams{}).SetUrl(r.app.url+"/consent").SetMethod("GET")); err != nil {
			t.Error(err)
		}
	})
	r.call(t, "+15557770001")
	r.wait(t)
	if got := kinds(r.sim.Deliveries()); got != "initiated ringing in-progress voice redirect gather completed" {
		t.Errorf("sent %s", got)
	}
}

func TestRecordingIsListedFetchedAndDeleted(t *testing.T) {
	r, truth, log := play(t, simulator.Consents())
	sid := truth.Recordings[0].Sid
	list, err := r.client.Api.ListCallRecording(truth.CallSid, nil)
	if err != nil || len(list) != 1 || *list[0].Sid != sid || list[0].Channels != 2 || *list[0].Source != "StartCallRecordingTwiML" {
		t.Fatalf("listed %s, %v", asJSON(t, list), err)
	}
	rec, err := r.client.Api.FetchRecording(sid, nil)
	if err != nil || *rec.Status != "completed" || *rec.Channels != 2 || *rec.CallSid != truth.CallSid ||
		*rec.Duration != fmt.Sprint(int(truth.Recordings[0].Length.Round(time.Second).Seconds())) {
		t.Fatalf("fetched %s, %v", asJSON(t, rec), err)
	}
	media := log[len(log)-1].Params.Get("RecordingUrl")
	if media != r.api.URL+"/2010-04-01/Accounts/"+testAccount+"/Recordings/"+sid {
		t.Errorf("RecordingUrl %s", media)
	}
	if err := r.client.Api.DeleteRecording(sid, nil); err != nil {
		t.Fatal(err)
	}
	if response, _ := r.download(t, media+".wav"); response.StatusCode != 404 {
		t.Errorf("deleted media: %d", response.StatusCode)
	}
	if err := r.client.Api.DeleteRecording(sid, nil); err == nil {
		t.Error("deleted twice")
	}
	if list, err := r.client.Api.ListCallRecording(truth.CallSid, nil); err != nil || len(list) != 0 {
		t.Errorf("listed after deletion: %s, %v", asJSON(t, list), err)
	}
}

func TestRecordingStartedAndStoppedOverREST(t *testing.T) {
	r := newFixture(t, simulator.Config{Pick: func(string, int) simulator.Script { return simulator.UnclearTwice() }})
	var sid string
	r.app.broken = func(_ http.ResponseWriter, request *http.Request) bool {
		call := request.PostForm.Get("CallSid")
		switch {
		case request.URL.Path == "/voice":
			params := (&openapi.CreateCallRecordingParams{}).SetRecordingStatusCallback(r.app.url + "/recording").
				SetRecordingStatusCallbackEvent([]string{"in-progress", "completed"})
			rec, err := r.client.Api.CreateCallRecording(call, params)
			if err != nil {
				t.Error(err)
				return false
			}
			sid = *rec.Sid
		case request.URL.Query().Get("n") == "1":
			if _, err := r.client.Api.UpdateCallRecording(call, sid, (&openapi.UpdateCallRecordingParams{}).SetStatus("stopped")); err != nil {
				t.Error(err)
			}
		}
		return false
	}
	r.call(t, "+15557770001")
	r.wait(t)
	want := "initiated ringing in-progress voice recording:in-progress gather recording:completed gather completed"
	if got := kinds(r.sim.Deliveries()); got != want {
		t.Errorf("sent %s\nwant %s", got, want)
	}
	rec := r.sim.Truths()[0].Recordings[0]
	if rec.Channels != 1 || rec.PersonChannel != 0 || !slices.Equal(rec.Person, []string{"Hello?", "I was there yesterday."}) {
		t.Errorf("recorded %+v", rec)
	}
	if _, err := r.client.Api.CreateCallRecording(r.sim.Truths()[0].CallSid, nil); err == nil {
		t.Error("a call that is over was recorded")
	}
}

func TestBusyRESTIsReportedByTheOfficialClient(t *testing.T) {
	r := newFixture(t, simulator.Config{Faults: simulator.Faults{RESTBusy: 1}})
	_, err := r.client.Api.FetchCall("CA00000000000000000000000000000000", nil)
	if err == nil || !strings.Contains(err.Error(), "20429") && !strings.Contains(err.Error(), "429") {
		t.Errorf("the official client says %v", err)
	}
}
