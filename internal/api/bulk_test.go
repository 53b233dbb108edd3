package api_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/bulk"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestBulkJobIsRefusedWithItsFaults(t *testing.T) {
	t.Parallel()
	s := opened(t, storetest.SQLite(t))
	handler := api.New(api.Config{Store: s, AdminToken: token, ViewerToken: "viewer", Bulk: bulk.New(bulk.Config{Store: s, Log: slog.New(slog.DiscardHandler)})})
	job, err := s.StartBulk(t.Context(), store.BulkJob{Kind: store.BulkRetry, Reason: "why", Matched: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		method, path, body, bearer string
		status                     int
		says                       string
	}{
		{"POST", "/api/bulk-jobs", `{"kind":"retry-runs"}`, token, 422, `"reason"`},
		{"POST", "/api/bulk-jobs", `{"kind":"erase","reason":"r"}`, token, 422, `"kind"`},
		{"POST", "/api/bulk-jobs", `{"kind":"replay-webhooks","reason":"r","function":"end-call"}`, token, 422, `"function"`},
		{"POST", "/api/bulk-jobs", `{"kind":"retry-runs","reason":"r","webhookKind":"voice"}`, token, 422, `"webhookKind"`},
		{"POST", "/api/bulk-jobs", `{"kind":"retry-runs","reason":"r","all":true}`, token, 400, `all`},
		{"POST", "/api/bulk-jobs", `{"kind":"retry-runs","dryRun":true}`, token, 200, `"matched":0`},
		{"POST", "/api/bulk-jobs", `{"kind":"replay-webhooks","reason":"r"}`, token, 503, `starting or stopping`},
		{"POST", "/api/bulk-jobs", `{"kind":"retry-runs","reason":"r"}`, "viewer", 403, `only reads`},
		{"POST", "/api/bulk-jobs/" + job.ID + "/stop", ``, "viewer", 403, `only reads`},
		{"POST", "/api/bulk-jobs/" + job.ID + "/stop", ``, token, 202, `"stoppedBy":"api"`},
		{"GET", "/api/bulk-jobs/" + job.ID, ``, "viewer", 200, `"state":"running"`},
		{"GET", "/api/bulk-jobs", ``, token, 200, `"matched":3`},
		{"GET", "/api/bulk-jobs?kind=retry-runs", ``, token, 400, `kind`},
		{"GET", "/api/bulk-jobs/nothing", ``, token, 404, `Bulk job not found`},
		{"POST", "/api/bulk-jobs/nothing/stop", ``, token, 404, `Bulk job not found`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, strings.NewReader(tc.body))
		r.Header.Set("Authorization", "Bearer "+tc.bearer)
		if tc.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%s %s %s: %d %s, want %d %s", tc.method, tc.path, tc.body, w.Code, w.Body, tc.status, tc.says)
		}
	}
}
