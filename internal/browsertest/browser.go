// Package browsertest looks at pages with a real browser, for tests. It hides the protocol that the browser speaks.
package browsertest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	browserdomain "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/i-agent/iagent/internal/testserver"
)

// axe is axe-core 4.14.1, which finds faults of accessibility.
//
//go:embed axe.min.js
var axe string

// pageTimeout is how long a page may take to become what a test waits for. It bounds a test that fails, and no other.
const pageTimeout = time.Minute

// Tab is a page of a browser that has its own cookies.
type Tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	messages []string
}

// browser is a running browser.
type browser struct{ ctx context.Context }

// Start starts a browser, which ends with the test; its tabs are opened in the test and in its subtests.
func Start(t testing.TB) (open func(t testing.TB, look Look) *Tab) {
	t.Helper()
	program, err := testserver.Chromium()
	if err != nil {
		t.Fatal(err)
	}
	options := []chromedp.ExecAllocatorOption{chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(pageTimeout)}
	if os.Getuid() == 0 { // Chromium's sandbox refuses root
		options = append(options, chromedp.NoSandbox)
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		closeBrowser()
		end()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	b := browser{ctx: ctx}
	return b.open
}

// Look is how somebody looks at pages.
type Look struct {
	// Width of the window in CSS pixels; 0 means 1280.
	Width int
	Dark  bool
	// NoScripts: the browser runs none.
	NoScripts bool
}

func (l Look) String() string {
	name := fmt.Sprintf("%d", l.Width)
	if l.Dark {
		name += " dark"
	}
	return name
}

// Looks are those at which every page must be right: both widths and both schemes. BROWSER_LOOKS=all crosses them; without it each
// is looked at once.
func Looks() []Look {
	looks := []Look{{Width: 1280}, {Width: 390, Dark: true}}
	if everyLook() {
		looks = append(looks, Look{Width: 1280, Dark: true}, Look{Width: 390})
	}
	return looks
}

func everyLook() bool { return os.Getenv("BROWSER_LOOKS") == "all" }

// open opens a tab. What the page writes to the console as an error, an exception, or a refusal by the page's own
// Content-Security-Policy fails the test at its end.
func (b browser) open(t testing.TB, look Look) *Tab {
	t.Helper()
	if look.Width == 0 {
		look.Width = 1280
	}
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	tab := &Tab{t: t, ctx: ctx}
	messages := chromedp.Console(ctx)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type == chromedp.ConsoleError || m.IsException() {
				tab.mu.Lock()
				tab.messages = append(tab.messages, fmt.Sprintf("%s %s", m, m.URL))
				tab.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		closeTab()
		<-read
		for _, m := range tab.Messages() {
			t.Errorf("the browser's console: %s", m)
		}
	})
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	tab.do("opening a tab",
		chromedp.EmulateViewport(int64(look.Width), 800),
		chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			if err == nil {
				// The smaller build of Chromium asks nobody and refuses.
				_, err = chromedp.CallBrowser(ctx, browserdomain.SetPermission, browserdomain.SetPermissionParams{
					Permission: &browserdomain.PermissionDescriptor{Name: "clipboard-write"}, Setting: browserdomain.PermissionSettingGranted,
					BrowserContextID: chromedp.FromContext(ctx).BrowserContextID})
			}
			if err == nil && look.NoScripts {
				_, err = chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			}
			return err
		}))
	return tab
}

// Messages are the errors of the console until now, which it forgets.
func (tab *Tab) Messages() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	messages := tab.messages
	tab.messages = nil
	return messages
}

func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, pageTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tab.t.Fatalf("%s: %v", what, err)
	}
}

// Go opens an address and waits until it is loaded.
func (tab *Tab) Go(url string) {
	tab.t.Helper()
	tab.do(url, chromedp.Navigate(url))
}

// Type writes into the field that a CSS selector names.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	tab.do("typing into "+selector, chromedp.SendKeys(selector, text))
}

// Click clicks on what a CSS selector names.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.do("clicking on "+selector, chromedp.Click(selector))
}

// Press presses keys where the focus is. "\r" is Enter, "\t" is Tab.
func (tab *Tab) Press(keys string) {
	tab.t.Helper()
	tab.do("pressing "+keys, chromedp.KeyEvent(keys))
}

// Eval returns the value of a JavaScript expression.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, pageTimeout)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Until waits until a JavaScript expression is true, whatever the page does meanwhile: it may lead to another.
func (tab *Tab) Until(expression string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, pageTimeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && !!(`+expression+`)`))
		if err == nil && is {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tab.t.Fatalf("waiting for %s: %v\n%s", expression, err, Eval[string](tab, "document.body?.innerText ?? ''"))
		}
	}
}

// outOfSight says what a reader finds only after scrolling sideways: in a wide window any part of a table, in a narrow one what can be done
// with a row.
const outOfSight = `[...document.querySelectorAll(".scroll")].flatMap((region) => {
	const name = region.getAttribute("aria-label");
	if (innerWidth >= 1280) return region.scrollWidth > region.clientWidth + 1 ? [name + " is " + region.scrollWidth + " wide, and has " + region.clientWidth] : [];
	const end = region.getBoundingClientRect().left + region.clientWidth + 1, right = (e) => {
		const words = document.createRange();
		words.selectNodeContents(e);
		return words.getBoundingClientRect().right + region.scrollLeft;
	};
	return [...region.querySelectorAll("td button, td summary, td .button, td p.way")].filter((e) => e.checkVisibility() && right(e) > end)
		.map((e) => name + ": out of sight is " + e.textContent.trim());
})`

// Accessible fails the test for each fault that axe-core finds on the page, and for what is out of sight or wider than the window. Contrast, which is
// most of axe-core's work, is measured with BROWSER_LOOKS=all.
func (tab *Tab) Accessible() {
	tab.t.Helper()
	// axe-core adds a style of its own, which the page's policy refuses and reports.
	before := tab.Messages()
	defer func() {
		_ = tab.Messages()
		tab.mu.Lock()
		tab.messages = before
		tab.mu.Unlock()
	}()
	if wide := Eval[bool](tab, `document.documentElement.scrollWidth > window.innerWidth`); wide {
		tab.t.Errorf("%s is wider than its window", Eval[string](tab, "location.pathname"))
	}
	for _, fault := range Eval[[]string](tab, outOfSight) {
		tab.t.Errorf("%s: %s", Eval[string](tab, "location.pathname"), fault)
	}
	found := Eval[string](tab, axe+`;axe.run(document, {resultTypes: ["violations"], rules: {"color-contrast": {enabled: `+strconv.FormatBool(everyLook())+`}}}).then(r => JSON.stringify(r.violations.map(v => ({
		id: v.id, help: v.help, nodes: v.nodes.map(n => n.html + " " + n.failureSummary)}))))`)
	var violations []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		tab.t.Fatal(err)
	}
	for _, v := range violations {
		tab.t.Errorf("%s: %s: %s\n%s", Eval[string](tab, "location.pathname"), v.ID, v.Help, strings.Join(v.Nodes[:min(len(v.Nodes), 3)], "\n"))
	}
}

// Screenshot is the whole page as a PNG.
func (tab *Tab) Screenshot() []byte {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, pageTimeout)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tab.t.Fatalf("taking a screenshot: %v", err)
	}
	return picture
}
