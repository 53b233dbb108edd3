package e2e_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
)

func TestClientRetriesOnlyWithoutAnAnswerOrAfter5xx(t *testing.T) {
	for name, test := range map[string]struct {
		first  http.HandlerFunc // the answer to the first request; every other is {}
		status int
		tries  int
	}{
		"cut":         {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 200, 2},
		"503":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, 200, 2},
		"404":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 404, 1},
		"304":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, 304, 1},
		"200 no JSON": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, 200, 1},
	} {
		tries := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if tries++; tries == 1 {
				test.first(w, r)
				return
			}
			_, _ = w.Write([]byte("{}"))
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		client := &e2e.Client{URL: func() string { return server.URL }, Retry: true}
		status, err := client.Do(ctx, http.MethodPost, "/api/campaigns", "", map[string]any{}, &struct{}{})
		cancel()
		server.Close()
		if failed := test.tries == 1; status != test.status || tries != test.tries || (err != nil) != failed {
			t.Errorf("%s: %d after %d requests, %v", name, status, tries, err)
		}
	}
}
