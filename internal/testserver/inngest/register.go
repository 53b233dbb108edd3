package inngest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// application is what was registered.
type application struct {
	AppName   string      `json:"appName"`
	URL       string      `json:"url"`
	Functions []*function `json:"functions"`

	checksum [sha256.Size]byte
}

// register is POST /fn/register.
func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if !s.knows(r.Header.Get("Authorization")) {
		http.Error(w, "Authentication failed", http.StatusUnauthorized)
		return
	}
	if kind := r.Header.Get("X-Inngest-Expected-Server-Kind"); kind != "" && kind != serverKind {
		reply(w, http.StatusBadRequest, map[string]any{"error": "Expected server kind cloud, got " + kind})
		return
	}
	var a application
	if err := json.Unmarshal(body, &a); err != nil {
		reply(w, http.StatusBadRequest, map[string]any{"error": "Invalid request: " + err.Error()})
		return
	}
	modified, err := s.take(&a, sha256.Sum256(body))
	if err != nil {
		reply(w, http.StatusBadRequest, map[string]any{"error": err.Error(), "status": http.StatusBadRequest})
		return
	}
	reply(w, http.StatusOK, map[string]any{"ok": true, "modified": modified, "app_id": rand.Text(), "sync_id": rand.Text()})
}

// knows reports whether somebody has shown the hash of the signing key, or the key itself.
func (s *Server) knows(authorization string) bool {
	key := keyPrefix.ReplaceAllString(s.config.SigningKey, "")
	secret, err := hex.DecodeString(key)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(secret)
	shown, ok := bytes.CutPrefix([]byte(authorization), []byte("Bearer "))
	return ok && slices.Contains([]string{key, hex.EncodeToString(sum[:])}, keyPrefix.ReplaceAllString(string(shown), ""))
}

// take replaces what is registered; a function that was there keeps what it has.
func (s *Server) take(a *application, checksum [sha256.Size]byte) (modified bool, err error) {
	if a.AppName == "" {
		return false, errors.New("app ID required")
	}
	for _, f := range a.Functions {
		if f.Retries != nil && *f.Retries > maxRetries || f.Steps["step"].Runtime.URL == "" {
			return false, errors.New("at least one function is invalid")
		}
		if len(f.Throttle) > 0 || len(f.RateLimit) > 0 || len(f.Debounce) > 0 {
			return false, fmt.Errorf("this server for tests knows no throttle, rate limit or debounce, which %s asks for", f.ID)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.app != nil && s.app.checksum == checksum {
		return false, nil
	}
	if s.app != nil {
		for n, f := range a.Functions {
			for _, old := range s.app.Functions {
				if old.ID == f.ID {
					f.active, f.seen = old.active, old.seen
					*old = *f
					a.Functions[n] = old
				}
			}
		}
	}
	a.checksum = checksum
	s.app = a
	return true, nil
}

// Registered is the URL at which the functions are called, "" while none are known.
func (s *Server) Registered() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.app == nil {
		return ""
	}
	return s.app.URL
}

// Forget makes the server what it is after a restart without anything that it knew: no application, no events, no runs.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app, s.runs = nil, nil
}

// poll asks the application to register, again and again, while the one at Config.AppURL has not.
func (s *Server) poll(ctx context.Context) {
	ticker := time.NewTicker(s.config.Poll)
	defer ticker.Stop()
	at := normal(s.config.AppURL)
	for {
		if at != "" && normal(s.Registered()) != at {
			_, _ = s.send(ctx, http.MethodPut, at, canonical(map[string]any{"url": at}))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// normal is how the server writes a URL of this machine.
func normal(url string) string { return strings.Replace(url, "//127.0.0.1:", "//localhost:", 1) }

// Sync asks the application for its functions, as Inngest Cloud does after a deployment, and checks who answers.
func (s *Server) Sync(ctx context.Context) error {
	body := canonical(map[string]any{"url": s.config.AppURL})
	answer, err := s.send(ctx, http.MethodPut, s.config.AppURL, body)
	if err != nil {
		return err
	}
	if answer.status != http.StatusOK {
		return fmt.Errorf("sync was answered %d: %s", answer.status, answer.body)
	}
	if err := verify(s.config.SigningKey, answer.header.Get(signatureHeader), bytes.TrimSuffix(answer.body, []byte("\n"))); err != nil {
		return fmt.Errorf("answer to sync: %w", err)
	}
	var synced struct {
		AppID     string      `json:"app_id"`
		URL       string      `json:"url"`
		Functions []*function `json:"functions"`
	}
	if err := json.Unmarshal(answer.body, &synced); err != nil {
		return fmt.Errorf("answer to sync: %w", err)
	}
	_, err = s.take(&application{AppName: synced.AppID, URL: synced.URL, Functions: synced.Functions}, sha256.Sum256(answer.body))
	return err
}
