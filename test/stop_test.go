package test_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/simulator"
)

const (
	// endsWithin is how long after a stop that hangs up the last call may be over.
	endsWithin = 10 * time.Second
	// answersAfter is how long Twilio takes to answer a request, and requestsAtOnce how many of an account it takes at a time.
	answersAfter   = 200 * time.Millisecond
	requestsAtOnce = 100
)

// TestStopHangsUpAllCallsInTime stops a server in the middle of its calls, in the time of this machine and with requests to Twilio that
// take their time: the test of the week knows no time in which the program itself works. STOP_CALLS is how many live calls.
func TestStopHangsUpAllCallsInTime(t *testing.T) {
	t.Parallel()
	live, err := strconv.Atoi(cmp.Or(os.Getenv("STOP_CALLS"), "20"))
	if err != nil {
		t.Fatal(err)
	}
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		answer := simulator.Answer{Say: strings.Repeat("It costs 2 dollars. ", 200)}
		twilio := e2etest.NewSimulation(t, simulator.Config{Speed: 1, Concurrency: 2 * live, RetryPause: time.Second,
			Pick: func(string, int) simulator.Script { return simulator.ConsentsByKeypad(answer, answer) }})
		twilio.Latency = answersAfter
		server := twilio.Serve(t, e2etest.DefaultSettings(databaseURL))
		campaign := recruit(t, server, live, live+live/2)
		await(t, twilio, live, "in-progress")

		at := time.Now()
		stop := stopAll(t, server)
		if stop.Live != live || stop.Ends != live {
			t.Errorf("the stop found %d calls, and ends %d; want %d", stop.Live, stop.Ends, live)
		}
		await(t, twilio, live, "completed")
		last := time.Duration(0)
		for _, truth := range twilio.Truths() {
			last = max(last, truth.Ended.Sub(at))
		}
		t.Logf("%d live calls: the last ended %s after the stop, with up to %d requests at once", live, last.Round(10*time.Millisecond), twilio.MostAtOnce())
		if last > endsWithin {
			t.Errorf("the last of %d calls ended %s after the stop", live, last)
		}
		if n := twilio.MostAtOnce(); n > requestsAtOnce {
			t.Errorf("%d requests were made of Twilio at once, of which it takes %d", n, requestsAtOnce)
		}
		if n := len(twilio.Truths()); n != live {
			t.Errorf("%d calls were made before and during the stop, not %d", n, live)
		}

		server.Do(t, "DELETE", "/api/stops/"+stop.ID, "", 200)
		awaitTruths(t, twilio, live+live/2)
		await(t, twilio, live/2, "in-progress")
		stopAll(t, server)
		await(t, twilio, live+live/2, "completed")
		judgeOnce(t, twilio, server, campaign, live+live/2)
		server.Term()
		server.Ended()
	})
}

// recruit creates a campaign that calls so many people at once, and imports people.
func recruit(t *testing.T, server *e2etest.Server, atOnce, people int) (campaign string) {
	t.Helper()
	setting := strings.Replace(string(e2etest.Campaign), `"status"`, fmt.Sprintf(`"maxConcurrent": %d, "status"`, atOnce), 1)
	campaign, err := server.CreateCampaign(t.Context(), "", json.RawMessage(setting))
	if err != nil {
		t.Fatal(err)
	}
	contacts := make([]e2e.NewContact, people)
	for n := range contacts {
		contacts[n] = e2e.NewContact{PhoneNumber: fmt.Sprintf("+1212555%04d", n)}
	}
	done, err := server.Import(t.Context(), campaign, "people", contacts)
	if err != nil || done.Contacts != people {
		t.Fatalf("%+v of %d people: %v", done, people, err)
	}
	return campaign
}

type stopped struct {
	ID         string
	Live, Ends int
}

func stopAll(t *testing.T, server *e2etest.Server) (stop stopped) {
	t.Helper()
	_, err := server.Client.Do(t.Context(), "POST", "/api/stops", "", map[string]any{"scope": "all", "mode": "hangup", "requestedBy": "test", "reason": "a drill"}, &stop)
	if err != nil {
		t.Fatal(err)
	}
	return stop
}

// await waits until so many calls have a status at Twilio.
func await(t *testing.T, twilio *e2etest.Simulation, calls int, status string) {
	t.Helper()
	e2etest.Eventually(t, func() error {
		statuses := map[string]int{}
		for _, truth := range twilio.Truths() {
			statuses[truth.Status]++
		}
		if statuses[status] != calls {
			return fmt.Errorf("%v, want %d that are %s", statuses, calls, status)
		}
		return nil
	})
}

// awaitTruths waits until so many calls were made.
func awaitTruths(t *testing.T, twilio *e2etest.Simulation, calls int) {
	t.Helper()
	e2etest.Eventually(t, func() error {
		if n := len(twilio.Truths()); n != calls {
			return fmt.Errorf("%d of %d calls were made", n, calls)
		}
		return nil
	})
}

// judgeOnce looks that everybody was called once, and that the program knows.
func judgeOnce(t *testing.T, twilio *e2etest.Simulation, server *e2etest.Server, campaign string, people int) {
	t.Helper()
	times := map[string]int{}
	for _, truth := range twilio.Truths() {
		times[truth.To]++
	}
	for number, n := range times {
		if n != 1 {
			t.Errorf("%s was called %d times", number, n)
		}
	}
	if len(times) != people {
		t.Errorf("%d of %d people were called", len(times), people)
	}
	e2etest.Eventually(t, func() error {
		contacts, err := server.Contacts(t.Context(), campaign)
		for _, c := range contacts {
			if c.State != "REACHED" {
				return fmt.Errorf("contact %s is %s", c.ID, c.State)
			}
		}
		return err
	})
}
