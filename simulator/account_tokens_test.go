package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

// asked is the status of a REST request with a token.
func asked(t *testing.T, r *fixture, method, path, token string, into any) int {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	request.SetBasicAuth(testAccount, token)
	w := httptest.NewRecorder()
	r.sim.ServeHTTP(w, request)
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return w.Code
}

func TestPromotedTokenSignsAndTheFormerOneIsRefused(t *testing.T) {
	r := newFixture(t, Config{})
	const account = "/2010-04-01/Accounts/" + testAccount + ".json"
	if got := asked(t, r, http.MethodPost, "/v1/AuthTokens/Promote", testToken, nil); got != 404 {
		t.Errorf("promoted a token that there is not: %d", got)
	}
	var created struct {
		Token string `json:"secondary_auth_token"`
	}
	if got := asked(t, r, http.MethodPost, "/v1/AuthTokens/Secondary", testToken, &created); got != 201 || len(created.Token) != 32 {
		t.Fatalf("%d, %q", got, created.Token)
	}
	if a, b, signs := asked(t, r, http.MethodGet, account, testToken, nil), asked(t, r, http.MethodGet, account, created.Token, nil), r.sim.signingToken(); a != 200 || b != 200 || signs != testToken {
		t.Errorf("before the promotion: %d, %d, signed by the primary one: %v", a, b, signs == testToken)
	}
	if got := asked(t, r, http.MethodPost, "/v1/AuthTokens/Promote", testToken, nil); got != 200 {
		t.Errorf("promoting: %d", got)
	}
	if a, b, signs := asked(t, r, http.MethodGet, account, testToken, nil), asked(t, r, http.MethodGet, account, created.Token, nil), r.sim.signingToken(); a != 401 || b != 200 || signs != created.Token {
		t.Errorf("after the promotion: %d, %d, signed by the new one: %v", a, b, signs == created.Token)
	}
	if got := asked(t, r, http.MethodDelete, "/v1/AuthTokens/Secondary", created.Token, nil); got != 204 {
		t.Errorf("deleting: %d", got)
	}
}

// Whichever part of Twilio is asked while a promotion spreads, the new token is accepted: it was the secondary one before.
func TestWhilePromotionSpreadsTheFormerTokenWorksInPlaces(t *testing.T) {
	r := newFixture(t, Config{OldToken: testOldToken, PromotionLag: 40})
	if err := r.sim.PromoteToken(); err != nil {
		t.Fatal(err)
	}
	signed, accepted := map[string]int{}, 0
	for range 13 {
		signed[r.sim.signingToken()]++
		if r.sim.knows(testToken) {
			accepted++
		}
		if !r.sim.knows(testOldToken) {
			t.Error("the new token is refused")
		}
	}
	if len(signed) != 2 || accepted == 0 || accepted == 13 {
		t.Errorf("signed %d times with the new token of 13, accepted the former one %d times", signed[testOldToken], accepted)
	}
	r.sim.signingToken()
	if r.sim.knows(testToken) || r.sim.signingToken() != testOldToken {
		t.Error("the former token works for ever")
	}
}
