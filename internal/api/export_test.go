package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestDispositionsAreCountedByCodeWithTheirRates(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		path := "/api/campaigns/" + campaign + "/dispositions"
		empty := s.get(path).want(200)
		if empty["contacts"] != 0.0 || empty["rates"].(map[string]any)["RR1"] != nil {
			t.Errorf("%v", empty)
		}
		calls := s.queue(campaign, "+15550000001", "+15550000002", "+15550000003")
		s.exec(`UPDATE calls SET status = 'NO_ANSWER', twilio_sid = 'CA1' WHERE id = '` + calls[0] + `'`)
		s.exec(`UPDATE calls SET status = 'COMPLETED', consent = 'refused', consent_by = 'speech', twilio_sid = 'CA2' WHERE id = '` + calls[1] + `'`)
		s.exec(`UPDATE contacts SET state = 'REACHED' WHERE call_id IN ('` + calls[0] + `', '` + calls[1] + `')`)
		d := s.get(path).want(200)
		counts := d["counts"].(map[string]any)
		if d["contacts"] != 3.0 || d["open"] != 1.0 || d["final"] != 2.0 || counts["3.13"] != 1.0 || counts["2.11"] != 1.0 || len(counts) != 2 {
			t.Errorf("%v", d)
		}
		rates := d["rates"].(map[string]any)
		if len(rates) != 11 || rates["REF1"] != 0.5 || rates["CON1"] != 0.5 || rates["RR1"] != 0.0 {
			t.Errorf("%v", rates)
		}
		s.get("/api/campaigns/01J00000000000000000000000/dispositions").wantError(404, "Campaign not found")
		s.get(path + "?since=24h").want(400)
	})
}

func TestCampaignIsExportedInTheFormatThatIsAskedFor(t *testing.T) {
	eachDatabase(t, func(t *testing.T, s *server) {
		campaign := s.campaign("ACTIVE")
		s.queue(campaign, "+15550000001", "+15550000002")
		path := "/api/campaigns/" + campaign + "/export?table="
		for format, contentType := range map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json", "ndjson": "application/x-ndjson"} {
			r := s.get(path + "calls&format=" + format)
			if r.status != 200 || r.header.Get("Content-Type") != contentType || r.header.Get("Cache-Control") != "no-store" ||
				r.header.Get("Content-Disposition") != `attachment; filename="calls-`+campaign+`.`+format+`"` {
				t.Errorf("%s: %d %v", format, r.status, r.header)
			}
			if strings.Count(r.text, "+15550000001") != 1 || strings.Count(r.text, "+15550000002") != 1 {
				t.Errorf("%s: %s", format, r.text)
			}
		}
		var rows []map[string]any
		if err := json.Unmarshal([]byte(s.get(path+"contacts&format=json").text), &rows); err != nil || len(rows) != 2 || rows[0]["state"] != "CALLING" {
			t.Errorf("%v, %v", rows, err)
		}
		if r := s.get(path + "claims"); r.status != 200 || !strings.HasPrefix(r.text, "id,callId,") {
			t.Errorf("%d %s", r.status, r.text)
		}
		s.get(path+"people").wantError(400, "table must be one of contacts, calls, answers, claims, verdicts")
		s.get(path+"calls&format=xml").wantError(400, "format must be one of csv, json, ndjson")
		s.get("/api/campaigns/01J00000000000000000000000/export?table=calls").wantError(404, "Campaign not found")
	})
}

func TestViewersExportIsMaskedAndNotKept(t *testing.T) {
	const viewer = "a-viewer-token-of-the-test"
	db := opened(t, storetest.SQLite(t))
	h := httptest.NewServer(api.New(api.Config{Store: db, AdminToken: token, ViewerToken: viewer}))
	t.Cleanup(h.Close)
	s := &server{t: t, url: h.URL, store: db}
	campaign := s.campaign("ACTIVE")
	s.queue(campaign, "+15550000001")
	as := "Authorization: Bearer " + viewer
	for _, format := range []string{"csv", "json", "ndjson"} {
		r := s.do("GET", "/api/campaigns/"+campaign+"/export?table=contacts&format="+format, "", as)
		if r.status != 200 || !strings.Contains(r.text, "+1******0001") || strings.Contains(r.text, "5550000001") {
			t.Errorf("%s: %d %s", format, r.status, r.text)
		}
	}
	s.do("GET", "/api/campaigns/01J00000000000000000000000/export?table=calls", "", as).wantError(404, "Campaign not found")
	s.do("GET", "/api/campaigns/"+campaign+"/export?table=nothing", "", as).want(400)
	if r := s.do("GET", "/api/campaigns/"+campaign+"/dispositions", "", as).want(200); r["contacts"] != 1.0 {
		t.Errorf("%v", r)
	}
}

// parts is a client that counts what it is sent at once.
type parts struct {
	*httptest.ResponseRecorder
	flushed, longest, sinceFlush int
	until                        time.Time
}

func (p *parts) Write(b []byte) (int, error) {
	p.sinceFlush += len(b)
	p.longest = max(p.longest, p.sinceFlush)
	return p.ResponseRecorder.Write(b)
}

func (p *parts) Flush() { p.flushed, p.sinceFlush = p.flushed+1, 0 }

func (p *parts) SetWriteDeadline(t time.Time) error { p.until = t; return nil }

// The first rows are sent before the last were read, and the server's limit for whole answers ends no export.
func TestExportIsSentPartByPart(t *testing.T) {
	s := onSQLite(t)
	campaign := s.campaign("ACTIVE")
	const many = 950
	numbers := make([]string, many)
	for n := range numbers {
		numbers[n] = fmt.Sprintf("+1555%07d", n)
	}
	s.queue(campaign, numbers...)
	for _, as := range []string{token, "viewer"} {
		client := &parts{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/campaigns/"+campaign+"/export?table=calls&format=ndjson", nil)
		r.Header.Set("Authorization", "Bearer "+as)
		api.New(api.Config{Store: s.store, AdminToken: token, ViewerToken: "viewer"}).ServeHTTP(client, r)
		whole := client.Body.Len()
		if strings.Count(client.Body.String(), "\n") != many || client.flushed < many/100 || client.longest > whole/5 || client.until.IsZero() {
			t.Errorf("%d bytes of status %d, flushed %d times, %d at once, deadline %s", whole, client.Code, client.flushed, client.longest, client.until)
		}
	}
}

// lossy closes the database once something was sent.
type lossy struct {
	parts
	close func()
}

func (l *lossy) Flush() { l.close() }

func TestExportThatFailsOnTheWayDoesNotLookWhole(t *testing.T) {
	db := opened(t, storetest.SQLite(t))
	s := serve(t, db)
	campaign := s.campaign("ACTIVE")
	numbers := make([]string, 300)
	for n := range numbers {
		numbers[n] = fmt.Sprintf("+1555%07d", n)
	}
	s.queue(campaign, numbers...)
	client := &lossy{parts: parts{ResponseRecorder: httptest.NewRecorder()}, close: db.Close}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/campaigns/"+campaign+"/export?table=calls&format=json", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	defer func() {
		if fault := recover(); fault != http.ErrAbortHandler {
			t.Errorf("the answer ends with %v", fault)
		}
		if client.Body.Len() == 0 || json.Valid(client.Body.Bytes()) {
			t.Errorf("%d bytes that look whole", client.Body.Len())
		}
	}()
	api.New(api.Config{Store: db, AdminToken: token, Log: slog.New(slog.DiscardHandler)}).ServeHTTP(client, r)
}

// exec runs a statement on the database of the server.
func (s *server) exec(statement string) {
	s.t.Helper()
	storetest.Exec(s.t, s.store, statement)
}
