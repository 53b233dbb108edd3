package rejection

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/signature"
)

// watch counts what a Keeper says.
type watch struct {
	mu     sync.Mutex
	causes map[string]int
	lines  []string
	faults []string
}

func (w *watch) counted(cause string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.causes[cause]++
}

func (w *watch) logged(_ context.Context, r *store.Rejection) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, r.Summary)
}

func (w *watch) faulted(_ context.Context, doing string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, doing+": "+err.Error())
}

func (w *watch) total() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, count := range w.causes {
		n += count
	}
	return n
}

func keeper(t *testing.T, s Store, e *Explainer, change ...func(*Config)) (*Keeper, *watch) {
	t.Helper()
	w := &watch{causes: map[string]int{}}
	c := Config{Store: s, Explainer: e, Counted: w.counted, Logged: w.logged, Faulted: w.faulted}
	for _, f := range change {
		f(&c)
	}
	return NewKeeper(c), w
}

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// one keeps one request and returns its rejection.
func one(t *testing.T, k *Keeper, s *store.Store, r *Request) store.RejectionDetail {
	t.Helper()
	k.Offer(t.Context(), *r)
	k.turn(t.Context())
	list, err := s.Rejections(t.Context(), store.RejectionFilter{}, store.Page{Limit: 1})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	d, _, err := k.Detail(t.Context(), list.Items[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRejectionIsVerifiedAgainUnderOtherSettings: by the request while it is held, by its proof after a restart, and honestly not at
// all where neither is there.
func TestRejectionIsVerifiedAgainUnderOtherSettings(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		check := func(k *Keeper, id string) string {
			t.Helper()
			c, err := k.Check(t.Context(), id)
			if err != nil || c.Note == "" || c.CheckedAt == nil {
				t.Fatalf("%+v, %v", c, err)
			}
			verified := "nobody knows"
			if c.Verified != nil {
				verified = fmt.Sprint(*c.Verified)
			}
			if again, err := s.Rejection(t.Context(), id); err != nil || (again.Verified == nil) != (c.Verified == nil) || again.CheckedAt == nil {
				t.Errorf("%+v, %v", again, err)
			}
			return strings.TrimSpace(verified + " " + c.By)
		}
		want := func(got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("verified: %s, want %s", got, want)
			}
		}
		const public = "https://calls.example.com"
		wrong, _ := keeper(t, s, explainer(t, "http://calls.example.com"))
		cured, _ := keeper(t, s, explainer(t, public))

		scheme := one(t, wrong, s, refused(public+hook+query, hook+query))
		if scheme.Cause != "scheme" || !scheme.Proven {
			t.Errorf("%+v", scheme)
		}
		want(check(wrong, scheme.ID), "false request")
		want(check(cured, scheme.ID), "true proof")
		restarted, _ := keeper(t, s, explainer(t, "http://calls.example.com"))
		want(check(restarted, scheme.ID), "false proof")

		forged := one(t, wrong, s, refused("https://nobody.example"+hook, hook))
		want(check(wrong, forged.ID), "false request")
		want(check(cured, forged.ID), "nobody knows")
		unsigned := one(t, wrong, s, refused("", hook, func(r *Request) { r.Signature, r.Err = "", signature.ErrMissingHeader }))
		want(check(cured, unsigned.ID), "false signature")

		// Twilio's own, refused for its path: the values may be shown, and are not stored.
		path := one(t, cured, s, refused(public+hook+"s", hook+"s", status(404, errors.New("x"))))
		c, err := cured.Check(t.Context(), path.ID)
		if err != nil || !*c.Verified || c.Params["From"][0] != number || !strings.Contains(c.Note, "another reason") {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := wrong.Check(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a check of nothing: %v", err)
		}
		audited, err := s.AuditLog(t.Context(), store.AuditFilter{Action: "rejection.check", Subject: scheme.ID}, store.Page{Limit: 10})
		if err != nil || len(audited.Items) != 3 {
			t.Errorf("%d checks are in the audit log, %v", len(audited.Items), err)
		}
	})
}

// TestFloodOfRejectionsIsBounded: table, queue, memory and work stay within their bounds, and everything is counted.
func TestFloodOfRejectionsIsBounded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url)
		limits := store.RejectionLimits{Count: 300, PerCause: 200, Bytes: 256 << 10, Age: time.Hour}
		k, w := keeper(t, s, explainer(t, "https://calls.example.com"), func(c *Config) { c.Limits = limits })
		k.spent = rate.NewLimiter(0, 100)
		real := refused("http://calls.example.com"+hook+query, hook+query)
		k.Offer(t.Context(), *real)
		k.turn(t.Context())
		// A body of 64 KiB each, from many addresses.
		big := []byte("CallSid=CA1&x=" + strings.Repeat("y", 64<<10-14))
		const flood = 10_000
		for i := range flood {
			k.Offer(t.Context(), *refused("https://nobody.example", fmt.Sprintf("%s?i=%d", hook, i), func(r *Request) {
				r.Client, r.Body = fmt.Sprintf("2001:db8:%x:%x::1", i/100, i%100), append([]byte(nil), big...)
				if i%2 == 0 {
					r.Body = big[:100]
				}
			}))
			if k.bytes > queueBytes || len(k.queue) > queueCount {
				t.Fatalf("%d requests of %d bytes wait", len(k.queue), k.bytes)
			}
			if i%100 == 0 {
				k.turn(t.Context())
			}
		}
		for len(k.queue) > 0 {
			k.turn(t.Context())
		}
		if n := w.total(); n != flood+1 {
			t.Errorf("%d of %d were counted", n, flood+1)
		}
		if n, unexplained := w.causes["unknown"], w.causes[CauseUnexplained]; n > explained || unexplained == 0 {
			t.Errorf("%d were explained, want at most %d", n, explained)
		}
		count, size := stored(t, s)
		if count > limits.Count || count == 0 || size > limits.Bytes {
			t.Errorf("%d rejections of %d bytes are stored, want at most %d of %d", count, size, limits.Count, limits.Bytes)
		}
		if n, bytes := k.held.size(); n > 2*heldCount || bytes > 2*heldBytes {
			t.Errorf("%d requests of %d bytes are held", n, bytes)
		}
		// What somebody can do something about is still there.
		if list, err := s.Rejections(t.Context(), store.RejectionFilter{Cause: "scheme"}, store.Page{Limit: 2}); err != nil || len(list.Items) != 1 {
			t.Errorf("the flood displaced Twilio's request: %v, %v", list.Items, err)
		} else if _, held, err := k.Detail(t.Context(), list.Items[0].ID); !held || err != nil {
			t.Errorf("the flood displaced Twilio's request from memory, %v", err)
		}
		if len(w.faults) > 0 {
			t.Errorf("faults: %v", w.faults)
		}
	})
}

// stored is how many rejections there are, and the sum of their sizes.
func stored(t *testing.T, s *store.Store) (count, size int) {
	t.Helper()
	storetest.QueryRow(t, s, `SELECT COUNT(*), COALESCE(SUM(size), 0) FROM rejections`, nil, &count, &size)
	return count, size
}

// TestOneClientKeepsFewRejections: who sends many is counted, and leaves room to the others.
func TestOneClientKeepsFewRejections(t *testing.T) {
	now := time.Now()
	k, w := keeper(t, nil, explainer(t, "https://calls.example.com"), func(c *Config) { c.Now = func() time.Time { return now } })
	for i := range 1000 {
		k.Offer(t.Context(), *refused("https://nobody.example", hook, func(r *Request) { r.Client = fmt.Sprintf("2001:db8::%x", i) }))
	}
	if len(k.queue) != perClient || w.causes[CauseUnexplained] != 1000-perClient {
		t.Errorf("%d of one network wait, %v", len(k.queue), w.causes)
	}
	k.Offer(t.Context(), *refused("https://nobody.example", hook, func(r *Request) { r.Client = "192.0.2.9" }))
	if len(k.queue) != perClient+1 {
		t.Error("another client has no room")
	}
}

// TestServerOutlivesAFailureToKeepARejection: a database that is away, or a panic.
func TestServerOutlivesAFailureToKeepARejection(t *testing.T) {
	e := explainer(t, "https://calls.example.com")
	k, w := keeper(t, away{}, e)
	k.Offer(t.Context(), *refused("https://nobody.example", hook))
	k.turn(t.Context())
	if w.total() != 1 || len(w.faults) != 1 || !strings.Contains(w.faults[0], "away") {
		t.Errorf("counted %v, faults %v", w.causes, w.faults)
	}
	e.named = nil
	k.Offer(t.Context(), *refused("https://nobody.example", hook))
	k.turn(t.Context())
	if w.total() != 2 || len(w.faults) != 3 || !strings.Contains(w.faults[1], "panic") {
		t.Errorf("counted %v, faults %v", w.causes, w.faults)
	}
}

// away is a database that is.
type away struct{ Store }

func (away) KeepRejections(context.Context, []*store.RejectionDetail, store.RejectionLimits) error {
	return errors.New("away")
}

func TestHeldRequestsAreRemovedAfterATime(t *testing.T) {
	h, now := newHeld(), time.Now()
	for i := range 10 {
		h.put(fmt.Sprint(i), refused("", hook), i%2 == 0, now.Add(time.Duration(i)*time.Minute))
	}
	h.expire(now.Add(heldFor + 4*time.Minute))
	if n, bytes := h.size(); n != 5 || bytes == 0 || h.get("4") != nil || h.get("5") == nil {
		t.Errorf("%d are held", n)
	}
	h.expire(now.Add(2 * heldFor))
	if n, bytes := h.size(); n != 0 || bytes != 0 {
		t.Errorf("%d of %d bytes are held", n, bytes)
	}
}

// size says how much is held: requests and bytes.
func (h *held) size() (count, bytes int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.byID), h.classes[0].bytes + h.classes[1].bytes
}
