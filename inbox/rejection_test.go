package inbox_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
)

// TestRejectionHoldsWhatWasSent: whoever explains a refused request needs all of it, also of one that was refused before its
// signature was looked at.
func TestRejectionHoldsWhatWasSent(t *testing.T) {
	const body = "CallSid=CA1&Digits=1"
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	over := strings.Repeat("x", inbox.DefaultMaxBody+1)
	for _, tc := range []struct {
		name       string
		change     func(r *http.Request)
		body       string
		status     int
		kept       string
		incomplete bool
	}{
		{"unsigned", func(r *http.Request) { r.Header.Del(signed) }, body, 403, body, false},
		{"PUT", func(r *http.Request) { r.Method = "PUT" }, body, 405, body, false},
		{"PUT without a body", func(r *http.Request) { r.Method, r.Body = "PUT", nil }, "", 405, "", false},
		{"PUT that is too large", func(r *http.Request) { r.Method = "PUT" }, over, 405, over[1:], true},
		{"PUT that breaks off", func(r *http.Request) {
			r.Method, r.Body = "PUT", io.NopCloser(io.MultiReader(r.Body, brokenReader{}))
		}, body, 405, body, true},
		{"JSON", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, body, 415, body, false},
		{"too large", func(*http.Request) {}, over, 413, "", true},
		{"too large, of unknown length", func(r *http.Request) { r.ContentLength = -1 }, over, 413, over[1:], true},
		{"broken off", func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(r.Body, brokenReader{})) }, body, 400, body, true},
		{"too slow", func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(r.Body, slowReader{})) }, body, 503, body, true},
		{"GET with a body", func(r *http.Request) { r.Method = "GET" }, body, 400, body, false},
		{"accepted", func(*http.Request) {}, body, 200, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []*inbox.Rejection
			h := newHandler(t, inbox.Config{
				Processor:   outcomes(inbox.Accepted, "", ""),
				Now:         func() time.Time { return now },
				OnRejection: func(r *inbox.Rejection) { got = append(got, r) },
			})
			r := webhook("voice", tc.body)
			tc.change(r)
			if answer := serve(h, r); answer.StatusCode != tc.status {
				t.Fatalf("answered %d", answer.StatusCode)
			}
			if tc.status == 200 {
				if len(got) > 0 {
					t.Error("a verified request is a rejection")
				}
				return
			}
			if len(got) != 1 {
				t.Fatalf("%d rejections", len(got))
			}
			if g := got[0]; g.Request != r || g.Kind != "voice" || g.Status != tc.status || g.Err == nil || string(g.Body) != tc.kept ||
				g.Incomplete != tc.incomplete || !g.ReceivedAt.Equal(now) || g.ReceivedAt.Location() != time.UTC {
				t.Errorf("kind %s, status %d, error %v, %d bytes, incomplete %v, %v", g.Kind, g.Status, g.Err, len(g.Body), g.Incomplete, g.ReceivedAt)
			}
		})
	}
}

// TestRefusedBodyIsNotReadForNobody: without the hook, a request whose method is refused costs nothing more.
func TestRefusedBodyIsNotReadForNobody(t *testing.T) {
	r := webhook("voice", "a=b")
	r.Method, r.Body = "PUT", io.NopCloser(unread{t})
	want(t, serve(newHandler(t, inbox.Config{Processor: fails(errors.New("unused"))}), r), 405, "application/json", `{"error":"Method not allowed"}`, false)
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestPanicOfTheVerifierIsARejectionWithItsAnswer(t *testing.T) {
	status := 0
	h := newHandler(t, inbox.Config{
		Verifier:    verifier(func(*http.Request, []byte) error { panic("no key") }),
		Processor:   fails(errors.New("unused")),
		OnRejection: func(r *inbox.Rejection) { status = r.Status },
	})
	if serve(h, webhook("voice", "CallSid=CA1")); status != 500 {
		t.Errorf("the rejection says %d", status)
	}
}
