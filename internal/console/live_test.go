package console_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/browsertest"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// listening is an open stream of events.
type listening struct {
	t      *testing.T
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

// listen opens the stream of a page.
func (o *callSite) listen(stream string, headers ...string) *listening {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), time.Minute)
	o.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", o.url+stream, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	response, err := o.browser.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		o.t.Fatalf("%s: %s %v", stream, response.Status, response.Header)
	}
	return &listening{o.t, bufio.NewScanner(response.Body), cancel}
}

// until reads until an event has the data; it reports false when the stream ends before.
func (l *listening) until(event, data string) bool {
	l.t.Helper()
	name := ""
	for l.lines.Scan() {
		if rest, ok := strings.CutPrefix(l.lines.Text(), "event: "); ok {
			name = rest
		}
		if rest, ok := strings.CutPrefix(l.lines.Text(), "data: "); ok && name == event && (data == "" || rest == data) {
			return true
		}
	}
	return false
}

// streamOf is the address of the stream of a page.
func streamOf(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<meta name="live" content="`)
	if !ok {
		t.Fatalf("the page has no stream:\n%s", page)
	}
	stream, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(stream, "&amp;", "&")
}

func TestPageIsToldHowManyRowsAreNewInItsFilter(t *testing.T) {
	o := openCalls(t)
	campaign, calls := o.called("oats", numbers(3)...)
	o.signIn(adminToken)
	all := o.listen(streamOf(t, o.get("/console/calls")))
	ended := o.listen(streamOf(t, o.get("/console/calls?status=BUSY&campaignId="+campaign)))
	hooks := o.listen(streamOf(t, o.get("/console/webhooks?kind=status")))
	progress := o.listen(streamOf(t, o.get("/console/campaigns/"+campaign)))
	for _, l := range []*listening{all, ended, hooks, progress} {
		if !l.until("list", `{"new":0,"more":false}`) {
			t.Fatal("nothing is said at first")
		}
	}
	o.called("milk", "+15551234567", "+15551234568")
	o.delivers(calls[1], inbox.KindStatus, o.clock.now().Add(time.Second), "CallStatus", "busy")
	if !all.until("list", `{"new":2,"more":false}`) || !ended.until("list", `{"new":1,"more":false}`) || !hooks.until("list", `{"new":1,"more":false}`) ||
		!progress.until("list", `{"new":1,"more":false}`) {
		t.Error("a stream ended")
	}
	for _, page := range []string{"?list=calls&after=&made=x", "?list=runs&after=&made=1", "?list=calls&after=&made=1&status=ASLEEP"} {
		if response, _ := o.do("GET", "/console/live"+page, ""); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", page, response.Status)
		}
	}
}

// A page that connects again, to this server or another, is told the same, and not twice.
func TestCountIsRightAfterARestart(t *testing.T) {
	o := openCalls(t)
	o.signIn(adminToken)
	stream := streamOf(t, o.get("/console/calls"))
	o.called("oats", numbers(3)...)
	if !o.listen(stream).until("list", `{"new":3,"more":false}`) {
		t.Fatal("the stream ended")
	}
	o.stop()
	o.called("milk", "+15551234567")
	o.start()
	if !o.listen(stream, `Last-Event-ID: {"new":3,"more":false}`).until("list", `{"new":4,"more":false}`) {
		t.Error("the stream ended")
	}
	again := o.listen(stream, `Last-Event-ID: {"new":4,"more":false}`)
	o.called("rye", "+15551234568")
	again.until("list", "")
	if !strings.Contains(again.lines.Text(), `"new":5`) {
		t.Errorf("told again: %s", again.lines.Text())
	}
}

// Each process looks for itself, and finds what any of them has written.
func TestEachServerOfADatabaseTellsTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		one, other := openCallsOn(t, url), openCallsOn(t, url)
		one.signIn(adminToken)
		other.signIn(adminToken)
		stream := streamOf(t, one.get("/console/calls?status=!BUSY"))
		streams := []*listening{one.listen(stream), other.listen(stream)}
		_, calls := one.called("oats", numbers(3)...)
		other.called("milk", "+15551234567")
		other.delivers(calls[0], inbox.KindStatus, one.clock.now().Add(time.Second), "CallStatus", "busy")
		for n, s := range streams {
			if !s.until("list", `{"new":3,"more":false}`) {
				t.Errorf("stream %d ended", n)
			}
		}
	})
}

func TestFiftyPagesCostOneLookASecond(t *testing.T) {
	o := openCalls(t)
	o.called("oats", numbers(3)...)
	o.signIn(adminToken)
	stream := streamOf(t, o.get("/console/calls"))
	begun := time.Now()
	pages := make([]*listening, 50)
	for n := range pages {
		pages[n] = o.listen(stream)
	}
	for round := range 3 {
		o.called("milk", fmt.Sprintf("+1555123456%d", round))
		for _, page := range pages {
			if !page.until("list", fmt.Sprintf(`{"new":%d,"more":false}`, round+1)) {
				t.Fatal("a stream ended")
			}
		}
	}
	looks, most := o.looks.Load(), int64(time.Since(begun)/time.Second)+2
	if looks > most {
		t.Errorf("%d looks at the database, want at most %d", looks, most)
	}
	for _, page := range pages {
		page.cancel()
	}
	untilNobodyLooks(t)
}

func untilNobodyLooks(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); looking(t); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("looks go on though nobody listens")
		}
	}
}

// looking reports whether anything in this process looks at a database for pages.
func looking(t *testing.T) bool {
	t.Helper()
	var stacks strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err != nil {
		t.Fatal(err)
	}
	return strings.Contains(stacks.String(), "(*live).look")
}

func TestStreamEndsWithItsSession(t *testing.T) {
	o := openCalls(t)
	o.signIn(adminToken)
	stream := streamOf(t, o.get("/console/calls"))
	signedOut := o.listen(stream)
	signedOut.until("list", "")
	cookie := func() string {
		u, err := url.Parse(o.url + "/console/calls")
		if err != nil {
			t.Fatal(err)
		}
		return o.browser.Jar.Cookies(u)[0].String()
	}()
	o.do("POST", "/console/sign-out", "x=y")
	if signedOut.until("list", "never") {
		t.Error("the stream goes on after signing out")
	}
	if response, _ := o.do("GET", stream, "", "Accept: text/event-stream"); response.StatusCode != http.StatusUnauthorized {
		t.Error(response.Status)
	}
	expired := o.listen(stream, "Cookie: "+cookie)
	expired.until("list", "")
	o.clock.set(o.clock.now().Add(13 * time.Hour))
	o.called("oats", "+15551234567") // has something said
	if !expired.until("end", "{}") {
		t.Error("a page is not told that its session has ended")
	}
}

// Rows under somebody's hand must not move, however much arrives; the count must survive a restart of the server, and a time in
// which the page was hidden.
func TestBurstMovesNoRowAndTheStreamOutlivesTheServer(t *testing.T) {
	o := openCalls(t)
	_, calls := o.called("oats", numbers(30)...)
	tab := browser.Start(t)(t, browsertest.Look{})
	o.signedIn(t, tab, adminToken)
	tab.Press("j")
	tab.Press("j")
	const focused = `(() => { const b = document.activeElement.closest("tr").getBoundingClientRect(); return document.activeElement.textContent + [b.x, b.y, b.width, b.height] })()`
	before := browsertest.Eval[string](tab, focused)
	if !strings.HasPrefix(before, calls[28]) {
		t.Fatalf("%s is focused", before)
	}
	for n := range 200 {
		if n%10 == 0 {
			o.called("burst", fmt.Sprintf("+1555%07d", 3_000_000+n))
		}
		o.delivers(calls[n%30], "amd", o.clock.now(), "AnsweredBy", "human")
	}
	tab.Until(`document.getElementById("live-pill").textContent === "20 new" && !document.getElementById("live-pill").hidden`)
	if after := browsertest.Eval[string](tab, focused); after != before {
		t.Errorf("the row was at %s and is at %s", before, after)
	}
	const turn = `(Object.defineProperty(document, "hidden", {value: %t, configurable: true}), document.dispatchEvent(new Event("visibilitychange")))`
	browsertest.Eval[bool](tab, fmt.Sprintf(turn, true))
	untilNobodyLooks(t)
	o.called("while hidden", "+15559999997")
	browsertest.Eval[bool](tab, fmt.Sprintf(turn, false))
	tab.Until(`document.getElementById("live-pill").textContent === "21 new"`)
	o.stop()
	o.called("meanwhile", "+15559999998")
	o.start()
	tab.Until(`document.getElementById("live-pill").textContent === "22 new"`)
	for _, m := range tab.Messages() { // the browser tells of connections that failed, which is what was tested
		if !strings.Contains(m, "ERR_") {
			t.Errorf("the browser's console: %s", m)
		}
	}
	if after := browsertest.Eval[string](tab, focused); after != before {
		t.Errorf("the row was at %s and is at %s", before, after)
	}
	tab.Click("#live-pill")
	tab.Until(`document.getElementById("live-pill").hidden && document.querySelectorAll("[data-open]").length === 50`)
}

func TestCallsAreReadAndChangedWithoutScripts(t *testing.T) {
	o := openCalls(t)
	id := o.eventful()
	_, others := o.called("milk", numbers(2)...)
	tab := browser.Start(t)(t, browsertest.Look{NoScripts: true})
	tab.Go(o.url + "/console/calls")
	tab.Type("#token", adminToken)
	tab.Click("main button.primary")
	tab.Until(`location.pathname === "/console/calls"`)
	tab.Click("#filter summary")
	tab.Click(`#filter input[value="QUEUED"]`)
	tab.Click(`#filter button`)
	tab.Until(`location.search === "?status=QUEUED"`)
	page := o.shown(tab)
	if !strings.Contains(page, others[0]) || strings.Contains(page, id) || !strings.Contains(page, "status=QUEUED") {
		t.Errorf("the filter's form does not choose:\n%s", page)
	}
	tab.Go(o.url + "/console/calls/" + others[0])
	tab.Click(`details:has(form[action$="/cancel"]) summary`)
	tab.Click(`form[action$="/cancel"] button`)
	tab.Until(`document.querySelector(".notice")`)
	if page := o.shown(tab); !strings.Contains(page, "The call is canceled") || !strings.Contains(page, "CANCELED") {
		t.Errorf("the action was not done:\n%s", page)
	}
}

// shown is the page that a tab shows.
func (o *callSite) shown(tab *browsertest.Tab) string {
	return browsertest.Eval[string](tab, `location.search + document.documentElement.outerHTML`)
}
