package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// get asks the REST API as the account, and returns the status, the content type and the body.
func get(t *testing.T, r *fixture, token, path string) (int, string, string) {
	t.Helper()
	request, err := http.NewRequest("GET", r.api.URL+"/2010-04-01/Accounts/"+testAccount+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(testAccount, token)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(body)
}

func TestNoListFaultNeverAnswersWithAList(t *testing.T) {
	r := newFixture(t, Config{Faults: Faults{RESTNoList: 1}})
	seen := map[string]bool{}
	for range 8 {
		status, kind, body := get(t, r, testToken, "Calls.json?To=%2B15557770001")
		var list struct{ Calls []any }
		if status != 200 || strings.Contains(kind, "json") && (json.Unmarshal([]byte(body), &list) != nil || list.Calls != nil) {
			t.Errorf("%d %s: %s", status, kind, body)
		}
		seen[body] = true
	}
	if len(seen) != 4 || r.sim.Report().Faults[FaultRESTNoList] != 8 {
		t.Errorf("%d kinds, %v", len(seen), r.sim.Report().Faults)
	}
}

func TestForeignAndLaggingListsShowAndHideCalls(t *testing.T) {
	for fault, want := range map[Fault]int{FaultRESTForeignRows: 3, FaultRESTLaggingList: 0, FaultNone: 1} {
		var faults Faults
		if fault != FaultNone {
			if err := faults.Set(fault, 1); err != nil {
				t.Fatal(err)
			}
		}
		r := newFixture(t, Config{Faults: faults, Pick: func(string, int) Script { return Fails() }})
		rawCreate(t, r, "+15557770001")
		rawCreate(t, r, "+15557770002")
		r.wait(t)
		_, _, body := get(t, r, testToken, "Calls.json?To=%2B15557770001")
		var list struct{ Calls []map[string]any }
		if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Calls) != want {
			t.Errorf("%q: %d calls, %v", fault, len(list.Calls), err)
		}
	}
}

func TestAnswerFaultsPlaceTheCallOnlyIfNamedAfter(t *testing.T) {
	for fault, want := range map[Fault]struct{ status, calls int }{
		FaultRESTNoSid:          {201, 1},
		FaultRESTNotFoundBefore: {404, 0},
		FaultRESTNotFoundAfter:  {404, 1},
		FaultRESTUnauthorized:   {401, 0},
	} {
		var faults Faults
		if err := faults.Set(fault, 1); err != nil {
			t.Fatal(err)
		}
		r := newFixture(t, Config{Faults: faults, Pick: func(string, int) Script { return Fails() }})
		status := rawCreate(t, r, "+15557770001")
		rawCreate(t, r, "+15557770001") // a careless application
		r.wait(t)
		rep := r.sim.Report()
		if status != want.status || len(rep.Truths) != 2*want.calls || rep.Faults[fault] != 2 || len(rep.Broken) != want.calls {
			t.Errorf("%s: answered %d, %d calls, %v, broken %v", fault, status, len(rep.Truths), rep.Faults, rep.Broken)
		}
	}
}

func TestCredentialsAreRefusedUntilAcceptedAgain(t *testing.T) {
	r := newFixture(t, Config{OldToken: testOldToken})
	ask := func(token string) int {
		status, _, _ := get(t, r, token, "Calls.json")
		return status
	}
	r.sim.RefuseCredentials(testToken)
	if a, b := ask(testToken), ask(testOldToken); a != 401 || b != 200 {
		t.Errorf("one is refused: %d, %d", a, b)
	}
	r.sim.RefuseCredentials()
	if a, b := ask(testToken), ask(testOldToken); a != 401 || b != 401 {
		t.Errorf("all are refused: %d, %d", a, b)
	}
	r.sim.AcceptCredentials()
	if a := ask(testToken); a != 200 {
		t.Errorf("accepted again: %d", a)
	}
}
