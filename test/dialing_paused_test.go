package test_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/simulator"
)

// interviewees is a simulation whose people answer, and whose Twilio knows both tokens of the settings.
func interviewees(t *testing.T) *e2etest.Simulation {
	return e2etest.NewSimulation(t, simulator.Config{
		Seed: 5, OldToken: e2etest.Secondary, Model: e2etest.OneClaim,
		Pick: simulator.MixedPeople(simulator.Answer{Say: "It costs 2 dollars and 49 cents."}).Pick(5),
	})
}

func series(prefix string, n int) (numbers []string) {
	for i := range n {
		numbers = append(numbers, fmt.Sprintf("%s%02d", prefix, i))
	}
	return numbers
}

// TestRefusedCredentialsLoseNoCall revokes the account's tokens in the middle of a campaign, and gives them back: no call
// fails for it, everybody is called once, and the log says it in a few lines.
func TestRefusedCredentialsLoseNoCall(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabaseAndEngine(t, func(t *testing.T, settings e2etest.Settings) {
		twilio := interviewees(t)
		server := twilio.Serve(t, settings)
		placed := server.Place(t, series("+155500050", 8)...)
		twilio.AwaitSettled(t, server.API)

		twilio.RefuseCredentials()
		waiting := server.Place(t, series("+155500051", 20)...)
		e2etest.Eventually(t, func() error { return paused(server, true) })
		for _, p := range waiting {
			if call := server.Call(t, p.ID); call.Status != "QUEUED" {
				t.Errorf("call is %s: %v", call.Status, call.History)
			}
		}
		twilio.AcceptCredentials()
		e2etest.Eventually(t, func() error { return paused(server, false) })
		placed = append(placed, waiting...)
		twilio.AwaitSettled(t, server.API)
		twilio.Judge(t, server.API, placed, e2etest.OneClaimEach)
		told := 0
		for line := range strings.Lines(server.Log()) {
			if strings.Contains(line, "dialling") || strings.Contains(line, `"ERROR"`) {
				told++
			}
		}
		if n := strings.Count(server.Log(), "dialling is paused"); n != 1 || told > 9 {
			t.Errorf("paused %d times in the log, %d lines:\n%s", n, told, server.Log())
		}
		if !strings.Contains(server.Log(), "dialling goes on") {
			t.Error("the log does not say that dialling goes on")
		}
	})
}

// paused says what does not show that dialling is, or is not, paused.
func paused(server *e2etest.Server, want bool) error {
	var late struct {
		Items []struct{ What string }
	}
	if err := server.Get(context.Background(), "/api/overdue", &late); err != nil {
		return err
	}
	overdue := false
	for _, item := range late.Items {
		overdue = overdue || item.What == "dialing-paused"
	}
	response, err := http.Get(server.URL() + "/metrics")
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	gauge := "0"
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "iagent_dialing_paused{") && strings.Contains(line, e2etest.Account) {
			gauge = strings.TrimSpace(line[strings.LastIndexByte(line, ' '):])
		}
	}
	if overdue != want || gauge != map[bool]string{true: "1", false: "0"}[want] {
		return fmt.Errorf("overdue: %v, gauge: %s, want paused: %v", overdue, gauge, want)
	}
	if ready, err := http.Get(server.URL() + "/readyz"); err != nil || ready.StatusCode != http.StatusOK {
		return errors.New("not ready: webhooks would be lost")
	}
	return nil
}

// TestSecondaryTokenKeepsDialling revokes the primary token only.
func TestSecondaryTokenKeepsDialling(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		twilio := interviewees(t)
		twilio.RefuseCredentials(e2etest.Token)
		server := twilio.Serve(t, e2etest.DefaultSettings(databaseURL))
		placed := server.Place(t, series("+155500052", 6)...)
		twilio.AwaitSettled(t, server.API)
		twilio.Judge(t, server.API, placed, e2etest.OneClaimEach)
		if n := strings.Count(server.Log(), "TWILIO_AUTH_TOKEN_SECONDARY"); n != 1 || strings.Contains(server.Log(), "dialling is paused") {
			t.Errorf("said %d times:\n%s", n, server.Log())
		}
	})
}

// TestRestartWithTheRightTokenDialsAtOnce starts with a wrong token, and again with the right one.
func TestRestartWithTheRightTokenDialsAtOnce(t *testing.T) {
	t.Parallel()
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		const wrong = "00000000000000000000000000000000"
		twilio := e2etest.NewTwilio(t)
		server := twilio.Serve(t, e2etest.DefaultSettings(databaseURL).With("TWILIO_AUTH_TOKEN", wrong))
		placed := server.Place(t, series("+155500053", 3)...)
		e2etest.Eventually(t, func() error { return paused(server, true) })
		server.Kill()
		server.Change("TWILIO_AUTH_TOKEN", e2etest.Token)
		server.Start()
		for _, p := range placed {
			call := server.AwaitCall(t, p.ID, e2etest.HasStatus("DIALING"))
			if n := len(twilio.Placed(call.PhoneNumber)); n != 1 {
				t.Errorf("called %d times", n)
			}
		}
		e2etest.Eventually(t, func() error { return paused(server, false) })
	})
}
