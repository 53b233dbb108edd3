package console_test

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/browsertest"
)

// On a narrow screen the first columns are all that is seen of a list: they say of whom or what a row is, and how it stands.
func TestListsBeginWithWhatTheirRowsAreAbout(t *testing.T) {
	o := openOps(t)
	pages := o.filled()
	_, calls := o.called("rye", "+15551230009")
	o.receives(calls[0], inbox.KindStatus, "/api/webhooks/twilio/status?callId="+calls[0], "CallSid=CA1&CallStatus=busy", "")
	tab := browser.Start(t)(t, browsertest.Look{Width: 390})
	tab.Go(o.url + "/console/sign-in")
	o.signedIn(t, tab, adminToken)
	for _, page := range append(pages, "/console/calls", "/console/webhooks", "/console/campaigns", "/console/find?q=canceled", "/console/stops", "/console/do-not-call") {
		tab.Go(o.url + page)
		seen := browsertest.Eval[string](tab, `[...document.querySelectorAll("main [data-rows] tbody")].filter((rows) => rows.rows[0]).map((rows) => {
			const [first, second] = rows.rows[0].cells;
			return (first.querySelector("time") ? "begins with a time; " : "") + (second.getBoundingClientRect().right > innerWidth ? "its second column is cut; " : "");
		}).join("")`)
		if seen != "" {
			t.Errorf("%s: %s", page, seen)
		}
	}
}

// Each hint and each choice that a filter opens with can be read, and the fields of a row are on one line.
func TestFieldsOfFiltersAreReadableAndOnOneLine(t *testing.T) {
	o := open(t, tokensOf(t))
	newTab := browser.Start(t)
	for _, width := range []int{1280, 390} {
		tab := newTab(t, browsertest.Look{Width: width})
		o.signedIn(t, tab, adminToken)
		for _, page := range []string{"/console/calls", "/console/webhooks", "/console/rejections"} {
			tab.Go(o.url + page)
			faults := browsertest.Eval[string](tab, `(() => {
				document.querySelector("details.filter").open = true;
				const faults = [], canvas = document.createElement("canvas").getContext("2d");
				const fields = [...document.querySelectorAll(".fields > label :is(input, select):not([type=checkbox])")];
				for (const field of fields) {
					const style = getComputedStyle(field);
					canvas.font = style.font;
					const text = field.placeholder ?? field.selectedOptions[0].text;
					const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - (field.tagName === "SELECT" ? 20 : 0);
					if (canvas.measureText(text).width > room) faults.push(field.name + ": " + text + " is cut");
					const beside = fields.find((other) => Math.abs(other.getBoundingClientRect().top - field.getBoundingClientRect().top) < 8);
					for (const side of ["top", "bottom"])
						if (Math.abs(beside.getBoundingClientRect()[side] - field.getBoundingClientRect()[side]) > 0.5) faults.push(field.name + " is beside " + beside.name + " at another " + side);
				}
				return faults.join("; ");
			})()`)
			if faults != "" {
				t.Errorf("%s at %d px: %s", page, width, faults)
			}
		}
	}
}

func TestFooterHasTheKeysThatDoSomethingOnThePage(t *testing.T) {
	o := openOps(t)
	o.filled()
	tab := browser.Start(t)(t, browsertest.Look{})
	tab.Go(o.url + "/console/sign-in")
	o.signedIn(t, tab, adminToken)
	run := browsertest.Eval[string](tab, `fetch("/console/runs?state=failed").then((r) => r.text()).then((text) => new DOMParser().parseFromString(text, "text/html").querySelector("[data-rows] [data-open]").getAttribute("href"))`)
	for page, want := range map[string]string{
		"/console/calls":  "row open copy find help", // the filter is no detail
		"/console/runs":   "row open details copy find help",
		"/console/health": "find help",
		run:               "retry copy find help",
	} {
		tab.Go(o.url + page)
		got := browsertest.Eval[string](tab, `[...document.querySelectorAll("footer .keys > span")].filter((key) => key.checkVisibility()).map((key) => key.lastChild.textContent.trim()).join(" ")`)
		if got != want {
			t.Errorf("%s: %q, want %q", page, got, want)
		}
	}
}

// What stands in one line has one baseline: the parts of the header, and the title of a page with what is beside it.
func TestHeaderAndTitlesHaveOneBaseline(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, _ := o.called("oats", "+15551234567")
	tab := browser.Start(t)(t, browsertest.Look{})
	o.signedIn(t, tab, adminToken)
	for _, page := range []string{"/console/calls", "/console/campaigns", "/console/campaigns/" + campaign, "/console/do-not-call", "/console/health"} {
		tab.Go(o.url + page)
		lines := browsertest.Eval[string](tab, `[[".brand", ".top nav a", "#find-link", ".who button", ".top .stop summary"], [".heading h1", ".heading > :not(h1)"]].map((line) => {
			const at = line.map((selector) => document.querySelector(selector)).filter(Boolean).map((element) => {
				const mark = document.createElement("span"); // an empty inline block stands on the baseline
				mark.style.cssText = "display: inline-block; width: 0; height: 0";
				element.append(mark);
				const y = mark.getBoundingClientRect().bottom;
				mark.remove();
				return y;
			});
			return Math.max(...at) - Math.min(...at) > 0.6 ? line[0] + " at " + at.join(", ") : "";
		}).join("")`)
		if strings.TrimSpace(lines) != "" {
			t.Errorf("%s: %s", page, lines)
		}
	}
}
