package console_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/api"
	"github.com/i-agent/iagent/internal/browsertest"
	"github.com/i-agent/iagent/internal/bulk"
	"github.com/i-agent/iagent/internal/console"
	"github.com/i-agent/iagent/internal/health"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/replay"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// opsSite is a site that measures, and runs bulk jobs.
type opsSite struct {
	*site
	health *health.Recorder
	// step, if set, is called after each step of a bulk job; ended gets the id of each that is over.
	step  func(store.BulkJob)
	ended chan string
	// broken webhooks fail.
	broken    bool
	processor *store.Processor
}

func openOps(t *testing.T) *opsSite {
	t.Helper()
	s, err := store.Open(t.Context(), storetest.SQLite(t), store.Options{DialsPerMinute: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := &opsSite{site: &site{t: t, store: s, clock: newClock()}, ended: make(chan string, 10)}
	now := o.clock.now
	o.health = health.New(now)
	o.processor = store.NewProcessor(s, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
		if o.broken {
			return interview.Change{}, inbox.Reply{}, errors.New("no idea")
		}
		return interview.Change{Call: call}, inbox.Reply{}, nil
	})
	log := slog.New(slog.DiscardHandler)
	of := func(how store.Replay) replay.Config {
		return replay.Config{Store: s, Processor: o.processor, Replay: how}
	}
	runner := bulk.New(bulk.Config{
		Store: s, Log: log, Now: now,
		Replay: func(ctx context.Context, events []store.Replayable, how store.Replay, each func(string)) error {
			return of(how).Run(ctx, events, func(row replay.Row) { each(string(row.Verdict)) })
		},
		Try: func(ctx context.Context, events []store.Replayable, each func(bulk.Tried)) error {
			at := map[string]store.Replayable{}
			for _, e := range events {
				at[e.ID] = e
			}
			return of(store.Replay{}).Try(ctx, events, func(row replay.Row) { each(bulk.Tried{Replayable: at[row.ID], Outcome: string(row.Verdict)}) })
		},
		OnStep: func(job store.BulkJob) {
			if o.step != nil {
				o.step(job)
			}
		},
		OnEnd: func(id string) { o.ended <- id },
	})
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = runner.Run(ctx) // nil
	}()
	t.Cleanup(func() {
		cancel()
		<-over
	})
	pages, err := console.New(console.Config{Store: s, API: api.Admit(api.New(api.Config{Store: s, AdminToken: adminToken, Bulk: runner})), Access: tokensOf(t), Log: log, Now: now,
		Health: o.health, About: func() []console.Fact { return []console.Fact{{Name: "Version of this program", Value: "v9.9.9"}} },
		Checks: func() []console.Check {
			return []console.Check{{Name: "disk", Result: "warn", Detail: "10 % are free", Cure: "Make room."}}
		}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(pages)
	t.Cleanup(server.Close)
	o.url = server.URL
	o.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return o
}

// die lets many runs die, of two errors.
func (o *opsSite) die(many int) {
	o.t.Helper()
	numbers := make([]string, many)
	for n := range numbers {
		numbers[n] = fmt.Sprintf("+1555%07d", n)
	}
	o.called("oats", numbers...)
	for page, n := (store.Page{Limit: 200}), 0; ; {
		list, err := o.store.Runs(o.t.Context(), store.RunFilter{}, page)
		if err != nil {
			o.t.Fatal(err)
		}
		for _, l := range list.Items {
			run, started, err := o.store.StartRun(o.t.Context(), l.ID)
			if err != nil || started != jobs.RunStarted {
				o.t.Fatal(started, err)
			}
			why := "permanent: model: 401"
			if n++; n%10 == 0 {
				why = "permanent: model: 401 <b>"
			}
			if err := o.store.FailRun(o.t.Context(), run, why); err != nil {
				o.t.Fatal(err)
			}
		}
		if page.After = list.Next; page.After == "" {
			o.clock.set(time.Now())
			return
		}
	}
}

// measure measures as a server does now and then.
func (o *opsSite) measure() {
	o.t.Helper()
	var cursor store.GaugeCursor
	gauges, err := o.store.Gauges(o.t.Context(), &cursor)
	if err != nil {
		o.t.Fatal(err)
	}
	counts, err := o.store.OverdueCounts(o.t.Context(), interview.DefaultDeadlines())
	if err != nil {
		o.t.Fatal(err)
	}
	o.health.Overdue(counts)
	o.health.Measure(o.t.Context(), o.store, &gauges)
}

var (
	stripLink = regexp.MustCompile(`<a[^>]* href="([^"]*)"[^>]*><span class="what">([^<]*)</span> <b>([^<]*)</b></a>`)
	stripText = regexp.MustCompile(`<span[^>]* title="([^"]*)"><span class="what">([^<]*)</span> <b>([^<]*)</b></span>`)
	older     = regexp.MustCompile(`href="([^"]*)" data-key="\]"`)
)

// rows follows a link and counts the rows of all pages of the list.
func (o *opsSite) rows(page string) int {
	o.t.Helper()
	n := 0
	for page != "" {
		response, body := o.do("GET", page, "")
		if response.StatusCode != http.StatusOK {
			o.t.Fatalf("%s: %s", page, response.Status)
		}
		n += strings.Count(body, " data-open>")
		match := older.FindStringSubmatch(body)
		page = ""
		if match != nil {
			page = html.UnescapeString(match[1])
		}
	}
	return n
}

// A demonstration's clock stands in the past: who looks must not take its times for those of their own clock.
func TestPagesOfAServerWithAnotherClockSaySo(t *testing.T) {
	o := openOps(t)
	o.signIn(adminToken)
	now := o.clock.now()
	for said, clock := range map[string]time.Time{
		"": now, "26 h 3 min behind the real time": now.Add(-26*time.Hour - 3*time.Minute - 20*time.Second), "5 h 0 min ahead of the real time": now.Add(5*time.Hour + 40*time.Second),
	} {
		o.clock.set(clock)
		for _, page := range []string{"/console/calls", "/console/health", "/console/strip"} {
			body := o.get(page)
			if found := strings.Count(body, "time here is"); (found == 1) != (said != "") || !strings.Contains(body, said) {
				t.Errorf("%s says %d times that its clock is another, want %q", page, found, said)
			}
		}
	}
}

// Each number of the strip leads to exactly the rows that it counts.
func TestNumbersOfTheStripLeadToWhatTheyCount(t *testing.T) {
	o := openOps(t)
	o.signIn(adminToken)
	if _, body := o.do("GET", "/console/calls", ""); !strings.Contains(body, "Nothing was measured yet") || stripLink.MatchString(body) {
		t.Errorf("before anything was measured:\n%s", body)
	}
	o.die(70)
	_, calls := o.called("milk", "+15559990001")
	for n := range 130 {
		o.health.Answered(health.Answer{Took: time.Duration(n+1) * time.Millisecond, Kind: "status", EventID: fmt.Sprint(n), CallID: calls[0], Outcome: "accepted"})
	}
	event := &inbox.Event{ID: "CA1:status:ringing", Kind: inbox.KindStatus, Subject: calls[0], CallSid: "CA1", Target: "/x?callId=" + calls[0],
		ContentType: "application/x-www-form-urlencoded", Body: []byte("CallStatus=ringing"), ReceivedAt: o.clock.now()}
	for range 3 { // an event that is delivered three times is one row
		if _, err := o.processor.Process(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	o.clock.set(o.clock.now().Add(20 * time.Second))
	o.measure()
	_, body := o.do("GET", "/console/calls", "")
	counted := map[string]int{}
	for _, match := range stripLink.FindAllStringSubmatch(body, -1) {
		to, name, shown := html.UnescapeString(match[1]), match[2], match[3]
		switch name {
		case "answer p50":
			counted[name] = o.rows(to)
		case "p99", "duplicates", "dead runs", "overdue":
			counted[name] = o.rows(to)
			if n := strings.TrimSuffix(shown, "/h"); name != "p99" && n != fmt.Sprint(counted[name]) {
				t.Errorf("%s says %s and leads to %d rows at %s", name, shown, counted[name], to)
			}
		case "oldest waiting":
			if response, page := o.do("GET", to, ""); response.StatusCode != http.StatusOK || !strings.Contains(page, "It waits for a worker.") {
				t.Errorf("%s leads to %s", name, response.Status)
			}
			counted[name] = 1
		case "refused":
			counted[name] = 0
			if u, err := url.Parse(to); err != nil || u.Path != "/console/rejections" || u.Query().Get("since") == "" || u.Query().Get("until") == "" || shown != "0/h" {
				t.Errorf("%s, %s", to, shown)
			}
		}
	}
	want := map[string]int{"answer p50": 66, "p99": 2, "duplicates": 1, "dead runs": 70, "overdue": 70, "oldest waiting": 1, "refused": 0}
	if fmt.Sprint(counted) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", counted, want)
	}
	wants(t, "health", o.get("/console/health"), []string{`<a href="/console/overdue">70 overdue</a>`, "a dead run is counted in both"}, nil)
	for _, match := range stripText.FindAllStringSubmatch(body, -1) {
		if match[1] == "" || match[3] == "–" && len(match[1]) < 20 {
			t.Errorf("%s says %q and no reason", match[2], match[3])
		}
	}
	o.clock.set(o.clock.now().Add(2 * time.Minute))
	if _, body := o.do("GET", "/console/calls", ""); !strings.Contains(body, "Nothing was measured since") || stripLink.MatchString(body) {
		t.Error("old numbers are shown as if they were new")
	}
	if _, body := o.do("GET", "/console/sign-in", "", "Cookie: iagent_session="); strings.Contains(body, "data-strip") {
		t.Error("somebody who has not signed in sees the strip")
	}
}

// One who has found out why runs died retries a group of them: plan, reason, progress, stop, and the rest.
func TestDeadRunsAreRetriedInBulkFromThePages(t *testing.T) {
	o := openOps(t)
	o.die(500)
	if response, body := o.do("POST", "/console/sign-in", "token="+adminToken+"&name=Kim"); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s\n%s", response.Status, body)
	}
	_, list := o.do("GET", "/console/runs", "")
	group := regexp.MustCompile(`(?s)href="([^"]*)">450</a>.*?href="([^"]*)">Retry 450…`).FindStringSubmatch(list)
	if group == nil || strings.Contains(list, "401 <b>") || !strings.Contains(list, "Cancelled, attempt 1 of 100") {
		t.Fatalf("the groups:\n%s", list)
	}
	if n := o.rows(html.UnescapeString(group[1])); n != 450 {
		t.Errorf("the group's link leads to %d rows", n)
	}
	plan := html.UnescapeString(group[2])
	_, body := o.do("GET", plan, "")
	form := regexp.MustCompile(`<form method="post" action="([^"]*bulk[^"]*)"`).FindStringSubmatch(body)
	if form == nil || !strings.Contains(body, "<b>450</b> dead runs match these conditions.") || !strings.Contains(body, "<b>450</b> orchestrate-call") || strings.Contains(body, "Not done") || !strings.Contains(body, "curl") {
		t.Fatalf("the plan:\n%s", body)
	}
	start := html.UnescapeString(form[1])
	if response, _ := o.do("POST", start, "reason="); response.StatusCode != http.StatusBadRequest {
		t.Errorf("without a reason: %s", response.Status)
	}
	o.step = func(job store.BulkJob) {
		if job.Done != 150 {
			return
		}
		page := "/console/bulk/" + job.ID
		if _, body := o.do("GET", page, ""); !strings.Contains(body, "<b>150</b> of 450 done") || !strings.Contains(body, "http-equiv=\"refresh\"") || !strings.Contains(body, "bulk-") {
			t.Errorf("its progress:\n%s", body)
		}
		if response, body := o.do("POST", start, "reason=me+too"); response.StatusCode != http.StatusConflict || !strings.Contains(body, "is running") {
			t.Errorf("two at once: %s", response.Status)
		}
		if response, _ := o.do("POST", page+"/stop", "x=y"); response.StatusCode != http.StatusSeeOther {
			t.Errorf("stop: %s", response.Status)
		}
	}
	response, _ := o.do("POST", start, "reason=the+model+is+back")
	page := response.Header.Get("Location")
	if response.StatusCode != http.StatusSeeOther || !strings.HasPrefix(page, "/console/bulk/") {
		t.Fatalf("%s %s", response.Status, page)
	}
	<-o.ended
	o.step = nil
	_, body = o.do("GET", page, "")
	again := regexp.MustCompile(`href="([^"]*)">Plan the rest…`).FindStringSubmatch(body)
	if again == nil || !strings.Contains(body, "It was stopped; 300 are left") || !strings.Contains(body, "console:Kim") {
		t.Fatalf("after the stop:\n%s", body)
	}
	_, body = o.do("GET", html.UnescapeString(again[1]), "")
	if form = regexp.MustCompile(`<form method="post" action="([^"]*bulk[^"]*)"`).FindStringSubmatch(body); form == nil || !strings.Contains(body, "<b>300</b> dead runs match") {
		t.Fatalf("the plan for the rest:\n%s", body)
	}
	response, _ = o.do("POST", html.UnescapeString(form[1]), "reason=the+rest")
	<-o.ended
	if _, body = o.do("GET", response.Header.Get("Location"), ""); !strings.Contains(body, "<b>300</b> of 300 done") || !strings.Contains(body, ">done<") {
		t.Errorf("after the rest:\n%s", body)
	}
	if dead, err := o.store.DeadRuns(t.Context(), store.DeadRunFilter{}, 1); err != nil || dead.Count != 50 {
		t.Errorf("%d are dead, %v", dead.Count, err)
	}
	if n := o.rows("/console/audit?action=" + interview.AuditRetryRuns); n != 2 {
		t.Errorf("%d entries in the audit log", n)
	}

	o.signIn(viewerToken)
	for _, page := range []string{"/console/runs", "/console/runs?state=failed", "/console/bulk", page, "/console/overdue", "/console/health", "/console/audit"} {
		response, body := o.do("GET", page, "")
		main := mainOf(body)
		if response.StatusCode != http.StatusOK || strings.Contains(main, `method="post"`) || strings.Contains(main, "curl") || strings.Contains(main, "Retry all") || strings.Contains(main, "Replay all") || strings.Contains(main, "Plan the rest") {
			t.Errorf("a viewer's %s, %s, has an action:\n%s", page, response.Status, main)
		}
	}
	for _, page := range []string{plan, "/console/bulk/replay-webhooks"} {
		if response, _ := o.do("GET", page, ""); response.StatusCode != http.StatusForbidden {
			t.Errorf("a viewer's plan: %s", response.Status)
		}
	}
	for _, to := range []string{start, page + "/stop"} {
		if response, _ := o.do("POST", to, "reason=x"); response.StatusCode != http.StatusForbidden {
			t.Errorf("a viewer posts to %s: %s", to, response.Status)
		}
	}
}

func TestFailedWebhooksAreReplayedInBulkFromThePages(t *testing.T) {
	o := openOps(t)
	_, calls := o.called("oats", "+15551234567")
	o.broken = true
	for n := range 3 {
		event := &inbox.Event{ID: fmt.Sprintf("CA1:status:%d", n), Kind: inbox.KindStatus, Subject: calls[0], CallSid: "CA1", Target: "/x?callId=" + calls[0],
			ContentType: "application/x-www-form-urlencoded", Body: []byte("CallStatus=ringing"), ReceivedAt: o.clock.now().Add(-time.Minute)}
		if _, err := o.processor.Process(t.Context(), event); err == nil {
			t.Fatal("handled")
		}
	}
	o.signIn(adminToken)
	if _, body := o.do("GET", "/console/bulk/replay-webhooks", ""); !strings.Contains(body, "<b>3</b> failed") {
		t.Errorf("while it is broken:\n%s", body)
	}
	o.broken = false
	_, body := o.do("GET", "/console/bulk/replay-webhooks", "")
	if !strings.Contains(body, "<b>3</b> accepted") {
		t.Errorf("mended:\n%s", body)
	}
	response, _ := o.do("POST", "/console/bulk/replay-webhooks", "reason=mended")
	<-o.ended
	if _, body := o.do("GET", response.Header.Get("Location"), ""); !strings.Contains(body, "<b>3</b> accepted") || !strings.Contains(body, "It is done.") {
		t.Errorf("%s:\n%s", response.Status, body)
	}
}

// What an address says is chosen, or refused, and nothing in a name runs.
func TestAuditLogIsFilteredAndLeadsToItsSubjects(t *testing.T) {
	o := openOps(t)
	campaign, calls := o.called("oats", "+15551234567")
	for n := range 60 {
		ctx := interview.WithActor(t.Context(), "Kim +1 555 123 4567 <script>alert(1)</script>")
		if err := o.store.RecordAudit(ctx, interview.AuditEntry{Action: interview.AuditCancelCall, Subject: calls[0], Reason: fmt.Sprintf("reason %d, tel. 555-123-4567", n), Detail: map[string]any{"status": "QUEUED"}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, token := range []string{adminToken, viewerToken} {
		o.signIn(token)
		if n := o.rows("/console/audit?action=call.cancel"); n != 60 {
			t.Errorf("%d entries", n)
		}
		_, body := o.do("GET", "/console/audit?since=1h", "")
		body = mainOf(body)
		if !strings.Contains(body, "/console/calls/"+calls[0]+`"`) || strings.Contains(body, "<script>alert") || strings.Contains(body, "1234567") || strings.Contains(body, "123-4567") {
			t.Errorf("%s", body)
		}
		if _, body := o.do("GET", "/console/audit?action=campaign.create", ""); !strings.Contains(body, "/console/campaigns/"+campaign) {
			t.Errorf("a campaign:\n%s", body)
		}
	}
	for page, want := range map[string]int{
		"/console/audit?until=never":        http.StatusBadRequest,
		"/console/audit?who=Kim":            http.StatusBadRequest,
		"/console/audit?actor=nobody":       http.StatusOK,
		"/console/runs?since=2h&until=4h":   http.StatusBadRequest,
		"/console/runs?until=1h":            http.StatusOK,
		"/console/overdue?what=dial":        http.StatusBadRequest,
		"/console/health/answers?atLeast=x": http.StatusBadRequest,
		"/console/bulk/01ARZ3NDEKTSV4RRFFQ": http.StatusNotFound,
		"/console/bulk/retry-runs?kind=all": http.StatusForbidden, // a viewer's
	} {
		if response, _ := o.do("GET", page, ""); response.StatusCode != want {
			t.Errorf("%s: %s, want %d", page, response.Status, want)
		}
	}
}

// filled has something on each page about running the installation, and returns those pages.
func (o *opsSite) filled() []string {
	o.t.Helper()
	o.die(30)
	_, calls := o.called("milk", "+15559990001")
	for n := range 90 { // minutes
		for k := range 5 + n%7 {
			o.health.Answered(health.Answer{Took: time.Duration(2+k+n%11) * time.Millisecond, Kind: "status", EventID: fmt.Sprintf("CA%d:status:%d", n, k), CallID: calls[0], Outcome: []string{"accepted", "accepted", "accepted", "duplicate"}[k%4]})
		}
		if n%13 == 0 {
			o.health.Refused()
		}
		o.clock.set(o.clock.now().Add(time.Minute))
		o.health.Reconciled("")
		o.measure()
	}
	if err := o.store.NoteTokenUses(o.t.Context(), []store.TokenUse{{Fingerprint: "3f9a10c2", For: "webhook", Account: "AC1", First: o.clock.now().Add(-time.Hour), Last: o.clock.now()}}); err != nil {
		o.t.Fatal(err)
	}
	job, err := o.store.StartBulk(interview.WithActor(o.t.Context(), "console:Kim"), store.BulkJob{Kind: store.BulkReplay, Reason: "the fix is deployed", Matched: 40})
	if err == nil {
		_, err = o.store.BulkProgress(o.t.Context(), job.ID, map[string]int{"accepted": 12, "failed": 1})
	}
	if err != nil {
		o.t.Fatal(err)
	}
	runs, err := o.store.Runs(o.t.Context(), store.RunFilter{State: interview.RunFailed}, store.Page{Limit: 1})
	if err != nil {
		o.t.Fatal(err)
	}
	return []string{"/console/runs", "/console/runs?state=failed&function=orchestrate-call", "/console/runs/" + runs.Items[0].ID, "/console/overdue", "/console/bulk", "/console/bulk/" + job.ID,
		"/console/bulk/retry-runs", "/console/health", "/console/health/answers", "/console/audit"}
}

func TestPagesOfOperationAreAccessibleAtEachLook(t *testing.T) {
	o := openOps(t)
	pages := o.filled()
	newTab := browser.Start(t)
	for _, look := range browsertest.Looks() {
		t.Run(look.String(), func(t *testing.T) {
			tab := newTab(t, look)
			tab.Go(o.url + "/console/sign-in")
			o.signedIn(t, tab, adminToken)
			for n, page := range pages {
				tab.Go(o.url + page)
				tab.Accessible()
				if folder := os.Getenv("PICTURES"); folder != "" {
					if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d %s.png", n, look)), tab.Screenshot(), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
	t.Run("a job is begun, watched and stopped", func(t *testing.T) { watchAndStop(t, newTab(t, browsertest.Look{})) })
	t.Run("without scripts", func(t *testing.T) { watchAndStop(t, newTab(t, browsertest.Look{NoScripts: true})) })
}

// watchAndStop begins a retry, sees how far it is, stops it with the keyboard, and sees that it has ended, on one page.
func watchAndStop(t *testing.T, tab *browsertest.Tab) {
	t.Helper()
	o := openOps(t)
	o.die(120)
	proceed := make(chan struct{})
	o.step = func(job store.BulkJob) {
		if job.Done == 50 {
			<-proceed
		}
	}
	tab.Go(o.url + "/console/sign-in")
	o.signedIn(t, tab, adminToken)
	tab.Go(o.url + "/console/bulk/retry-runs?function=orchestrate-call")
	tab.Type(`main input[name="reason"]`, "the model is back\r")
	tab.Until(`document.getElementById("progress")?.innerText.includes("50 of 120 done")`)
	tab.Type("#stop button", "\r")
	tab.Until(`document.getElementById("progress")?.innerText.includes("told to stop")`)
	close(proceed)
	tab.Until(`document.getElementById("progress")?.dataset.state === "stopped"`)
}

// mainOf is a page without what is around every page.
func mainOf(body string) string {
	_, main, _ := strings.Cut(body, "<main")
	main, _, _ = strings.Cut(main, "</main>")
	return main
}
