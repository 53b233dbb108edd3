package twilio_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/twilio"
)

func TestRefusalSaysWhomItConcerns(t *testing.T) {
	shaped := func(status, code int) string {
		return fmt.Sprintf(`{"code":%d,"message":"no","more_info":"https://www.twilio.com/docs/errors/%d","status":%d}`, code, code, status)
	}
	for _, test := range []struct {
		status int
		body   string
		want   twilio.Refusal
	}{
		{401, shaped(401, 20003), twilio.RefusesAccount},
		{403, shaped(403, 20003), twilio.RefusesAccount},
		{401, shaped(401, 20999), twilio.RefusesAccount},
		{403, shaped(403, 20999), twilio.RefusesAccount},
		{402, shaped(402, 20999), twilio.RefusesAccount},
		{404, shaped(404, 20404), twilio.RefusesAccount},
		{400, shaped(400, 20005), twilio.RefusesAccount},
		{400, shaped(400, 10001), twilio.RefusesAccount},
		{400, shaped(400, 21210), twilio.RefusesAccount},
		{400, shaped(400, 21212), twilio.RefusesAccount},
		{400, shaped(400, 21606), twilio.RefusesAccount},
		{400, shaped(400, 21205), twilio.RefusesAccount},
		{400, shaped(400, 21211), twilio.RefusesCallee},
		{400, shaped(400, 21214), twilio.RefusesCallee},
		{400, shaped(400, 21215), twilio.RefusesCallee},
		{403, shaped(403, 21216), twilio.RefusesCallee},
		{403, shaped(403, 13227), twilio.RefusesCallee},
		{400, shaped(400, 29999), twilio.RefusesCallee},
		{429, shaped(429, 20429), twilio.RefusesMoment},
		{400, shaped(400, 20429), twilio.RefusesMoment},
		{400, shaped(400, 10004), twilio.RefusesMoment},

		{400, shaped(400, 21204), twilio.NoRefusal}, // the call was initiated already
		{500, shaped(500, 20500), twilio.NoRefusal},
		{503, shaped(503, 20503), twilio.NoRefusal},
		{500, shaped(500, 20003), twilio.NoRefusal},
		{408, shaped(408, 20408), twilio.NoRefusal},
		{404, shaped(500, 20500), twilio.NoRefusal}, // contradicts itself
		{400, `{}`, twilio.NoRefusal},
		{400, `null`, twilio.NoRefusal},
		{401, `{"error":"Unauthorized"}`, twilio.NoRefusal},
		{403, `<html>forbidden</html>`, twilio.NoRefusal},
		{404, `<html>not found</html>`, twilio.NoRefusal},
		{404, ``, twilio.NoRefusal},
		{407, `<html>proxy</html>`, twilio.NoRefusal},
		{429, `<html>slow down</html>`, twilio.NoRefusal},
		{400, `{"code":"21211","message":"no","status":400}`, twilio.NoRefusal},
	} {
		client, requests := standIn(t, saying(test.status, "application/json", test.body))
		_, err := client.CreateCall(t.Context(), call)
		if got := failure(t, err).Refusal(); got != test.want || requests.Load() != 1 {
			t.Errorf("%d %s: %q, not %q, after %d requests", test.status, test.body, got, test.want, requests.Load())
		}
	}
}

func TestEveryRefusalCodeHasItsSource(t *testing.T) {
	seen := map[int]bool{}
	for _, c := range twilio.RefusalCodes() {
		if seen[c.Code] || c.Meaning == "" || !strings.HasPrefix(c.Source, "Twilio") {
			t.Errorf("%+v", c)
		}
		seen[c.Code] = true
	}
	if got := twilio.Meaning(403, 29999); !strings.Contains(got, "403") {
		t.Errorf("a code nobody knows means %q", got)
	}
}
