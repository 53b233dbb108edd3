package test_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/simulator"
)

// TestRotationAtTwilioLosesNoCall promotes the account's secondary token in the middle of a campaign, as an operator does it: the
// server has both tokens, Twilio promotes the new one, whose webhooks come mixed with old ones for a moment, and the server is
// started again with the new one first. No call is lost, none fails for it, nobody is called twice, and the log says it in a few lines.
// ROTATION_CALLS sets how many people are called, such as 200.
func TestRotationAtTwilioLosesNoCall(t *testing.T) {
	t.Parallel()
	calls := 40
	if more, err := strconv.Atoi(os.Getenv("ROTATION_CALLS")); err == nil {
		calls = more
	}
	e2etest.EachDatabase(t, func(t *testing.T, databaseURL string) {
		const before, after = e2etest.Token, e2etest.Secondary
		twilio := e2etest.NewSimulation(t, simulator.Config{
			Seed: 5, Model: e2etest.OneClaim, PromotionLag: calls, Concurrency: 8, Speed: 400,
			Pick: simulator.MixedPeople(simulator.Answer{Say: "It costs 2 dollars and 49 cents."}).Pick(5),
		})
		twilio.CreateSecondaryToken(after)
		// Who calls back is answered: the doctor has nothing else to say than what is about tokens.
		err := twilio.ConfigureNumber(e2etest.Number, func(n *simulator.Number) {
			n.VoiceURL = e2etest.PublicURL + interview.WebhookPath(interview.V1) + "voice"
		})
		if err != nil {
			t.Fatal(err)
		}
		server := twilio.Serve(t, e2etest.DefaultSettings(databaseURL))
		numbers := make([]string, calls)
		for n := range numbers {
			numbers[n] = fmt.Sprintf("+1555006%04d", n)
		}
		campaign, err := server.CreateCampaign(t.Context(), "", e2etest.Campaign)
		if err != nil {
			t.Fatal(err)
		}
		place := func(numbers []string) []e2e.Call {
			placed, err := server.Client.Place(t.Context(), campaign, "", numbers)
			if err != nil {
				t.Fatal(err)
			}
			return placed
		}
		placed := place(numbers[:calls*2/5])
		e2etest.Eventually(t, func() error {
			if p := twilio.Progress(); p.Ended < calls/5 {
				return fmt.Errorf("%d of %d calls are over", p.Ended, calls)
			}
			return nil
		})
		if err := twilio.PromoteToken(); err != nil {
			t.Fatal(err)
		}
		placed = append(placed, place(numbers[calls*2/5:calls*4/5])...)
		twilio.AwaitSettled(t, server.API)
		countedTokens(t, server)
		server.Term()
		server.Ended()
		server.Change("TWILIO_AUTH_TOKEN", after, "TWILIO_AUTH_TOKEN_SECONDARY", before)
		server.Start()
		placed = append(placed, place(numbers[calls*4/5:])...)
		twilio.AwaitSettled(t, server.API)

		twilio.Judge(t, server.API, placed, e2etest.OneClaimEach)
		settings := e2etest.DefaultSettings(databaseURL).With("TWILIO_AUTH_TOKEN", after, "TWILIO_AUTH_TOKEN_SECONDARY", before,
			"TWILIO_API_URL", twilio.URL, "OPENAI_BASE_URL", twilio.URL+"/v1")
		e2etest.Verified(t, settings)
		examined(t, settings)
		verifiedWithBoth(t, server)
		told := rotationLines(server.Logs())
		if len(told) == 0 || len(told) > 9 {
			t.Errorf("the log tells of the rotation in %d lines:\n%s", len(told), strings.Join(told, ""))
		}
		refused, failed := 0, 0
		for _, d := range twilio.Deliveries() {
			if d.Status == http.StatusForbidden {
				refused++
			}
		}
		for _, p := range placed {
			if call := server.Call(t, p.ID); call.Status == "FAILED" && call.ErrorCode != nil {
				failed++
			}
		}
		t.Logf("%d calls, %d webhooks refused, %d calls failed by REST; the log's lines:\n%s", calls, refused, failed, strings.Join(told, ""))
		if refused > 0 || failed > 0 {
			t.Errorf("%d webhooks were refused, %d calls failed", refused, failed)
		}
	})
}

// verifiedWithBoth looks whether each of the newest webhooks says with which token it was verified.
func verifiedWithBoth(t *testing.T, server *e2etest.Server) {
	t.Helper()
	ids, err := server.IDs(t.Context(), "/api/webhooks?outcome=accepted")
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]int{}
	for n := 0; n < len(ids); n += 1 + len(ids)/100 {
		var event struct {
			Source     string
			VerifiedBy *struct{ Token string }
		}
		if err := server.Get(t.Context(), "/api/webhooks/"+ids[n], &event); err != nil {
			t.Fatal(err)
		}
		if (event.VerifiedBy == nil) == (event.Source == "webhook") {
			t.Errorf("webhook %s is of source %s and verified by %+v", ids[n], event.Source, event.VerifiedBy)
		} else if event.VerifiedBy != nil {
			by[event.VerifiedBy.Token]++
		}
	}
	if by["primary"] == 0 || by["secondary"] == 0 {
		t.Errorf("webhooks were verified by %v", by)
	}
}

// rotationLines are the log's lines about tokens, refusals and dialling.
func rotationLines(logs []string) (lines []string) {
	for _, log := range logs {
		for line := range strings.Lines(log) {
			for _, about := range []string{"TOKEN", "token", "signed by Twilio", "dialling", `"ERROR"`} {
				if strings.Contains(line, about) {
					lines = append(lines, line)
					break
				}
			}
		}
	}
	return lines
}

// examined runs iagent doctor, which sees that Twilio refuses the old token, and that the new one signs.
func examined(t *testing.T, settings e2etest.Settings) {
	t.Helper()
	got := e2etest.Run(t, settings, "doctor", "--json", "--only", "configuration,database,disk,redis,twilio,models,retention,tokens")
	var report struct {
		Result string
		Checks []struct{ Name, Result, Detail, Cure string }
	}
	if err := json.Unmarshal([]byte(got.Stdout), &report); err != nil || got.Exit != 0 || report.Result != "warn" {
		t.Fatalf("iagent doctor ended with %d, %v:\n%s%s", got.Exit, err, got.Stdout, got.Stderr)
	}
	for _, check := range report.Checks {
		switch {
		case check.Name == "twilio.secondary-token":
			if check.Result != "warn" || check.Cure == "" {
				t.Errorf("the old token is deleted: %+v", check)
			}
		case check.Name == "tokens.rotation":
			if !strings.Contains(check.Detail, "the rotation is nearly over") || strings.Contains(check.Detail, "never") {
				t.Errorf("tokens were used, and that is not known: %+v", check)
			}
		case check.Result != "ok" && check.Result != "skipped" && !strings.HasPrefix(check.Name, "disk."):
			t.Errorf("%+v", check)
		}
	}
	for _, secret := range []string{e2etest.Token, e2etest.Secondary, e2etest.AdminToken, e2etest.ModelsToken} {
		if strings.Contains(got.Stdout+got.Stderr, secret) {
			t.Error("iagent doctor shows a secret")
		}
	}
}

// countedTokens looks at the metric of both tokens, each of which signed webhooks and was accepted by REST.
func countedTokens(t *testing.T, server *e2etest.Server) {
	t.Helper()
	response, err := http.Get(server.URL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"primary", "secondary"} {
		for _, use := range []string{"webhook", "rest"} {
			if !strings.Contains(string(text), fmt.Sprintf("iagent_token_uses_total{token=%q,use=%q}", token, use)) {
				t.Errorf("no %s was used for %s", token, use)
			}
		}
	}
}
