package simulator

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"time"
)

// accountTokens are the auth tokens of the account. The primary one signs webhooks, and both authenticate REST requests. A
// promotion makes the secondary one primary and deletes the former primary one (Twilio: REST API, Auth Token). Not all parts of
// Twilio know of it at once (Twilio names a minute for its Functions): until then some of them still work with the tokens from
// before it.
type accountTokens struct {
	primary, secondary string
	former             string // the primary one before the last promotion
	// lag is how many webhooks and REST requests may still meet a part that does not know of the last promotion.
	lag        int
	promotions int
}

// drawLag says whether the next webhook or request meets a part of Twilio that does not know of the last promotion; the
// caller holds mu.
func (s *Simulator) drawLag() bool {
	t := &s.tokens
	if t.lag == 0 {
		return false
	}
	t.lag--
	return s.seed.happens(0.5, "promotion", t.promotions, t.lag)
}

// signingToken signs the next webhook.
func (s *Simulator) signingToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawLag() {
		return s.tokens.former
	}
	return s.tokens.primary
}

// knows says whether this is one of the account's tokens.
func (s *Simulator) knows(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	valid := []string{s.tokens.primary, s.tokens.secondary}
	if s.drawLag() {
		valid = []string{s.tokens.former, s.tokens.primary} // which was the secondary one
	}
	known := 0
	for _, of := range valid {
		if of != "" {
			known |= subtle.ConstantTimeCompare([]byte(token), []byte(of))
		}
	}
	return known == 1
}

// CreateSecondaryToken gives the account a secondary auth token, in the place of the one that it has. It authenticates REST
// requests and signs nothing. With "" the simulator draws one. It returns the token.
func (s *Simulator) CreateSecondaryToken(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == "" {
		token = s.seed.sid("", "secondary token", s.config.Run, s.tokens.promotions)
	}
	s.tokens.secondary = token
	return token
}

// DeleteSecondaryToken takes the secondary auth token away.
func (s *Simulator) DeleteSecondaryToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.secondary = ""
}

// PromoteToken makes the secondary auth token the primary one: from then on it signs webhooks, and the former primary one
// is refused, once all parts of Twilio know ([Config.PromotionLag]). It is an error when there is no secondary token.
func (s *Simulator) PromoteToken() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.tokens
	if t.secondary == "" {
		return errors.New("promoting the secondary auth token: there is none")
	}
	t.former, t.primary, t.secondary = t.primary, t.secondary, ""
	t.lag = s.config.PromotionLag
	t.promotions++
	return nil
}

// createSecondary answers POST /v1/AuthTokens/Secondary of accounts.twilio.com.
func (s *Simulator) createSecondary(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusCreated, s.tokenResource("Secondary", "secondary_auth_token", s.CreateSecondaryToken("")))
}

// deleteSecondary answers DELETE /v1/AuthTokens/Secondary of accounts.twilio.com.
func (s *Simulator) deleteSecondary(w http.ResponseWriter, _ *http.Request) {
	s.DeleteSecondaryToken()
	w.WriteHeader(http.StatusNoContent)
}

// promote answers POST /v1/AuthTokens/Promote of accounts.twilio.com.
func (s *Simulator) promote(w http.ResponseWriter, r *http.Request) {
	if err := s.PromoteToken(); err != nil {
		refuseUnknown(w, r)
		return
	}
	s.mu.Lock()
	primary := s.tokens.primary
	s.mu.Unlock()
	answer(w, http.StatusOK, s.tokenResource("Promote", "auth_token", primary))
}

// tokenResource is an auth token as the REST API shows it.
func (s *Simulator) tokenResource(path, name, token string) map[string]any {
	now := s.config.Now().UTC().Format(time.RFC3339)
	return map[string]any{"account_sid": s.config.AccountSid, name: token, "date_created": now, "date_updated": now,
		"url": "https://accounts.twilio.com/v1/AuthTokens/" + path}
}
