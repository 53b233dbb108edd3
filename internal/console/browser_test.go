package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/browsertest"
	"github.com/i-agent/iagent/internal/store"
)

// signedIn opens a tab of somebody who has signed in with a token.
func (o *site) signedIn(t *testing.T, tab *browsertest.Tab, token string) {
	t.Helper()
	tab.Go(o.url + "/console/calls")
	tab.Type("#token", token)
	tab.Press("\r")
	tab.Until(`location.pathname === "/console/calls"`)
}

func TestPagesAreAccessibleAtEachLook(t *testing.T) {
	empty, newTab := open(t, tokensOf(t)), browser.Start(t)
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567", "+15551234568")
	o.receives(calls[0], inbox.KindVoice, "/api/webhooks/twilio/voice?callId="+calls[0], "To=%2B15551234567&CallStatus=in-progress",
		`<?xml version="1.0"?><Response><Gather input="dtmf"><Say>May we record what you say, which helps us to understand how people see the price of oats?</Say></Gather><Hangup/></Response>`)
	eventful := o.eventful()
	hooks, err := o.store.Webhooks(t.Context(), store.WebhookFilter{}, store.Page{Limit: 1})
	if err != nil || len(hooks.Items) != 1 {
		t.Fatalf("%d webhooks, %v", len(hooks.Items), err)
	}
	o.recordings.wavFile = wavFile{seconds: 120}
	heard := interviewed(t, o, 120)
	pages := append([]string{"/console/calls", "/console/calls?status=BUSY", "/console/calls/" + calls[0], "/console/calls/" + heard, "/console/webhooks",
		"/console/calls?status=!QUEUED&since=24h", "/console/calls/" + eventful, "/console/calls/" + eventful + "?order=arrival",
		"/console/webhooks/" + hooks.Items[0].ID}, o.campaignPages()...)
	pages = append(pages, o.callingPages()...)
	for _, look := range browsertest.Looks() {
		t.Run(look.String(), func(t *testing.T) {
			tab := newTab(t, look) // of its own: sites of one host share their cookies
			empty.signedIn(t, tab, adminToken)
			for _, page := range []string{"calls", "campaigns", "contacts", "do-not-call", "stops", "webhooks", "rejections", "runs", "overdue", "bulk", "health", "audit", "find"} {
				tab.Go(empty.url + "/console/" + page)
				tab.Accessible()
			}
			tab = newTab(t, look)
			tab.Go(o.url + "/console/sign-in")
			tab.Accessible()
			o.signedIn(t, tab, adminToken)
			for _, page := range pages {
				tab.Go(o.url + page)
				tab.Accessible()
			}
		})
	}
}

func TestKeysAloneOpenACall(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567", "+15551234568")
	tab := browser.Start(t)(t, browsertest.Look{})
	o.signedIn(t, tab, adminToken)
	tab.Press("j")
	tab.Press("j")
	tab.Press("\r")
	tab.Until(`location.pathname === "/console/calls/` + calls[0] + `"`)
	tab.Press("?")
	tab.Until(`document.getElementById("help").open`)
}

// The clock of the server may not be the browser's: that of a demonstration stands in the past.
func TestHowLongAgoIsCountedByTheClockOfTheServer(t *testing.T) {
	o := open(t, tokensOf(t))
	o.called("oats", "+15551234567")
	o.clock.set(time.Now().Add(5*24*time.Hour + 5*time.Second))
	tab := browser.Start(t)(t, browsertest.Look{})
	o.signedIn(t, tab, adminToken)
	tab.Press("t")
	tab.Until(`/^5 d( . s)? ago$/.test(document.querySelector("main tbody time").textContent)`)
}

// On a narrow screen the link of a row is beside what is shown.
func TestRowOpensWhereItIsTapped(t *testing.T) {
	o := open(t, tokensOf(t))
	_, calls := o.called("oats", "+15551234567")
	tab := browser.Start(t)(t, browsertest.Look{Width: 390})
	o.signedIn(t, tab, adminToken)
	tab.Click("[data-rows] tbody td:first-child")
	tab.Until(`location.pathname === "/console/calls/` + calls[0] + `"`)
	tab.Until(`/UTC · /.test(document.querySelector(".strip time, main time").title)`)
}

// What a page says can be done, who looks at it can do.
func TestViewerIsOfferedNothingThatViewersCannotDo(t *testing.T) {
	o := openTwilio(t)
	_, calls := o.called("oats", "+15551234567")
	o.refusedInEachWay(calls[0])
	page := "/console/rejections/" + o.rejected("scheme")
	for _, token := range []string{adminToken, viewerToken} {
		o.signIn(token)
		_, body := o.do("GET", page, "")
		for _, offer := range []string{">Check again<", "<kbd>r</kbd> retry"} {
			words := strings.Join(strings.Fields(strings.ReplaceAll(body, "</kbd>", "</kbd> ")), " ")
			if strings.Contains(words, offer) != (token == adminToken) {
				t.Errorf("%s: offers %q: %v", token, offer, token != adminToken)
			}
		}
	}
}

// Nothing in River's own interface leads back to the console, which stays open beside it.
func TestRiversPagesOpenInATabOfTheirOwn(t *testing.T) {
	o := open(t, tokensOf(t))
	o.signIn(adminToken)
	for _, page := range []string{"/console/calls", "/console/runs"} {
		for part := range strings.SplitSeq(o.get(page), "<a ") {
			if link, _, _ := strings.Cut(part, ">"); strings.Contains(link, `href="/console/jobs"`) && !strings.Contains(link, `target="_blank"`) {
				t.Errorf("%s leaves the console: %s", page, link)
			}
		}
	}
}
