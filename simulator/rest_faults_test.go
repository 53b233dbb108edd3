package simulator

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// rawCreate asks for a call and says what came back: a status, or 0 for no answer.
func rawCreate(t *testing.T, r *fixture, to string) int {
	t.Helper()
	return rawCreateFrom(t, r, to, testFrom)
}

func rawCreateFrom(t *testing.T, r *fixture, to, from string) int {
	t.Helper()
	form := url.Values{"To": {to}, "From": {from}, "Url": {r.app.url + "/voice?callId=1"}}
	request, err := http.NewRequest("POST", r.api.URL+"/2010-04-01/Accounts/"+testAccount+"/Calls.json", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(testAccount, testToken)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func TestRESTFaultsPlaceTheCallOnlyIfNamedAfter(t *testing.T) {
	for fault, want := range map[Fault]struct{ status, calls int }{
		FaultRESTBusy:          {429, 0},
		FaultRESTErrorBefore:   {500, 0},
		FaultRESTErrorAfter:    {500, 1},
		FaultRESTTimeoutBefore: {0, 0},
		FaultRESTTimeoutAfter:  {0, 1},
		FaultRESTCutBefore:     {0, 0},
		FaultRESTCutAfter:      {0, 1},
	} {
		var faults Faults
		if err := faults.Set(fault, 1); err != nil {
			t.Fatal(err)
		}
		r := newFixture(t, Config{Faults: faults, Hang: 30 * time.Millisecond, Pick: func(string, int) Script { return Refuses() }})
		began := time.Now()
		status := rawCreate(t, r, "+15557770001")
		took := time.Since(began)
		r.wait(t)
		rep := r.sim.Report()
		if status != want.status || len(rep.Truths) != want.calls || rep.Faults[fault] != 1 || len(rep.Broken) > 0 {
			t.Errorf("%s: answered %d, %d calls, %v, %v", fault, status, len(rep.Truths), rep.Faults, rep.Broken)
		}
		if want.calls == 1 && rep.Truths[0].Status != "completed" {
			t.Errorf("%s: the call was placed and did not take place: %+v", fault, rep.Truths[0])
		}
		if hung := fault == FaultRESTTimeoutBefore || fault == FaultRESTTimeoutAfter; hung && took < 30*time.Millisecond {
			t.Errorf("%s: gave up after %v", fault, took)
		}
	}
}

func TestRESTFaultsAreDrawnByNumberAndOrdinal(t *testing.T) {
	play := func(run string, backwards bool) map[string][]int {
		r := newFixture(t, Config{Seed: 4, Run: run, Faults: Faults{RESTBusy: 0.3, RESTErrorAfter: 0.3}, Pick: func(string, int) Script { return Fails() }})
		out := map[string][]int{}
		for i := range 30 {
			if backwards {
				i = 29 - i
			}
			to := fmt.Sprintf("+1555777%04d", i%10)
			out[to] = append(out[to], rawCreate(t, r, to))
		}
		r.wait(t)
		return out
	}
	a, b := play("", false), play("again", true)
	if asJSON(t, a) != asJSON(t, b) {
		t.Errorf("%v\n%v", a, b)
	}
	if text := asJSON(t, a); !strings.Contains(text, "201") || !strings.Contains(text, "429") || !strings.Contains(text, "500") {
		t.Errorf("%v", a)
	}
}

func TestCallingAgainAfterALostAnswerIsCaught(t *testing.T) {
	for fault, want := range map[Fault]int{FaultRESTErrorAfter: 1, FaultRESTCutAfter: 1, FaultRESTErrorBefore: 0} {
		var faults Faults
		if err := faults.Set(fault, 1); err != nil {
			t.Fatal(err)
		}
		r := newFixture(t, Config{Faults: faults, Pick: func(string, int) Script { return Fails() }})
		for _, to := range []string{"+15557770001", "+15557770002", "+15557770001"} {
			rawCreate(t, r, to)
		}
		r.wait(t)
		got := 0
		for _, v := range r.sim.Report().Broken {
			if v.Rule == RuleCalledTwice {
				got = v.Count
			}
		}
		if got != want {
			t.Errorf("%s: %d of %d seen", fault, got, want)
		}
	}
}

func TestBothTokensWorkInARotation(t *testing.T) {
	r := newFixture(t, Config{OldToken: testOldToken})
	for token, want := range map[string]int{testToken: 200, testOldToken: 200, "": 401, "other": 401} {
		request, _ := http.NewRequest("GET", r.api.URL+"/2010-04-01/Accounts/"+testAccount+"/Calls.json", nil)
		request.SetBasicAuth(testAccount, token)
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%q: %d", token, response.StatusCode)
		}
	}
}

func TestEarlyRecordingCallbackPrecedesCompletion(t *testing.T) {
	r := suffer(t, 1, Config{Faults: Faults{RecordingEarly: 1}})
	unbroken(t, r)
	if log := kinds(r.sim.Deliveries()); !strings.HasSuffix(log, "recording:in-progress recording:completed completed") {
		t.Errorf("sent %s", log)
	}
	if n := r.sim.Report().Faults[FaultRecordingEarly]; n != 1 {
		t.Errorf("reported %d times", n)
	}
}

func TestAbsentAndFailedRecordingsHaveNoFile(t *testing.T) {
	for status, faults := range map[string]Faults{"absent": {RecordingAbsent: 1}, "failed": {RecordingFailed: 1}} {
		r := newFixture(t, Config{Faults: faults, BaseURL: "http://127.0.0.1:1", Pick: func(string, int) Script { return Consents() }})
		if _, err := r.sim.Place(context.Background(), PlaceOptions{To: "+15557770001", From: testFrom, URL: r.app.url + "/voice?callId=1",
			RecordingURL: r.app.url + "/recording?callId=1"}); err != nil {
			t.Fatal(err)
		}
		r.wait(t)
		only(t, r.sim.Deliveries(), "recording:"+status)
		for _, rec := range r.sim.Truths()[0].Recordings {
			if rec.Status != status || len(rec.Person) > 0 {
				t.Errorf("%s: %+v", status, rec)
			}
			if got := media(t, r, rec.Sid); got != 404 {
				t.Errorf("%s: the file answers %d", status, got)
			}
		}
	}
}

func TestLateMediaIsServedAfterOneOrTwo404s(t *testing.T) {
	r := suffer(t, 5, Config{Faults: Faults{MediaLate: 1}})
	late := 0
	for _, truth := range r.sim.Truths() {
		refused := 0
		for media(t, r, truth.Recordings[0].Sid) == 404 {
			if refused++; refused > 2 {
				t.Fatal("the file never comes")
			}
		}
		if refused == 0 {
			t.Error("the file was there at once")
		}
		late += refused
	}
	if n := r.sim.Report().Faults[FaultMediaLate]; n != late {
		t.Errorf("%d refused, %d reported", late, n)
	}
}

// media asks for a recording's file and says what status came back.
func media(t *testing.T, r *fixture, sid string) int {
	t.Helper()
	request, err := http.NewRequest("GET", r.api.URL+"/2010-04-01/Accounts/"+testAccount+"/Recordings/"+sid+".wav", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(testAccount, testToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
