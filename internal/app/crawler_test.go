package app

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// crawler follows all links of the console's pages as somebody with a token.
type crawler struct {
	t          *testing.T
	url, token string
	// seen are the addresses that were asked for, shapes counts them by their form: an address with its ids and values left out.
	seen   map[string]bool
	shapes map[string]int
	queue  []string
	// pages are the pages of HTML, the first of each shape, and look is called with each.
	pages map[string]string
	look  func(at, body string, document *html.Node)
}

const (
	// perShape bounds how many pages of one form are looked at, mostPages all.
	perShape  = 12
	mostPages = 600
)

func newCrawler(t *testing.T, base, token string, look func(at, body string, document *html.Node)) *crawler {
	return &crawler{t: t, url: base, token: token, seen: map[string]bool{}, shapes: map[string]int{}, pages: map[string]string{}, look: look}
}

// ask sends a request as a browser with the token would that looks at the console.
func (c *crawler) ask(method, at, site string) (*http.Response, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+at, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetBasicAuth("crawler", c.token)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", site)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return response, "" // it does not end
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response, string(body)
}

var anID = regexp.MustCompile(`^(?:[0-9A-HJKMNP-TV-Z]{26}|[A-Z]{2}[0-9a-f]{32}|[0-9]+)$`)

// shape is an address without its ids and without the values of its query.
func shape(at string) string {
	u, err := url.Parse(at)
	if err != nil {
		return at
	}
	parts := strings.Split(u.Path, "/")
	for i, part := range parts {
		if anID.MatchString(part) {
			parts[i] = "{id}"
		}
	}
	var names []string
	for name := range u.Query() {
		names = append(names, name)
	}
	form := strings.Join(parts, "/")
	if len(names) > 0 {
		form += "?" // which conditions it has makes no other page
	}
	return form
}

// add has an address looked at, unless it was, leads elsewhere, or there were many like it.
func (c *crawler) add(from, link string) {
	base, err := url.Parse(c.url + from)
	if err != nil {
		return
	}
	u, err := base.Parse(link)
	if err != nil || !strings.HasPrefix(u.String(), c.url+"/console") || strings.HasPrefix(u.Path, "/console/jobs") {
		return
	}
	u.Fragment = ""
	at := u.RequestURI()
	form := shape(at)
	if c.seen[at] || c.shapes[form] >= perShape || len(c.seen) >= mostPages {
		return
	}
	c.seen[at] = true
	c.shapes[form]++
	c.queue = append(c.queue, at)
}

// run looks at everything that the first pages lead to.
func (c *crawler) run(first ...string) {
	c.t.Helper()
	for _, at := range first {
		c.add("/console", at)
	}
	for len(c.queue) > 0 {
		at := c.queue[0]
		c.queue = c.queue[1:]
		response, body := c.ask("GET", at, "same-origin")
		if to := response.Header.Get("Location"); to != "" {
			if strings.Contains(to, "\n") || !strings.HasPrefix(to, "/console") {
				c.t.Errorf("%s leads to %q", at, to)
			}
			c.add(at, to)
			continue
		}
		if response.StatusCode >= http.StatusInternalServerError {
			c.t.Errorf("%s: %s", at, response.Status)
		}
		kind := response.Header.Get("Content-Type")
		if response.Header.Get("X-Content-Type-Options") != "nosniff" {
			c.t.Errorf("%s: a browser may guess what %q is", at, kind)
		}
		if !strings.HasPrefix(kind, "text/html") {
			if kind == "" || strings.Contains(kind, "svg") && !strings.Contains(at, "/assets/") {
				c.t.Errorf("%s is %q", at, kind)
			}
			if !strings.Contains(at, "/assets/") {
				c.look(at, body, nil)
			}
			continue
		}
		document, err := html.Parse(strings.NewReader(body))
		if err != nil {
			c.t.Errorf("%s: %v", at, err)
			continue
		}
		c.pages[shape(at)] = cmp.Or(c.pages[shape(at)], at)
		c.look(at, body, document)
		for n := range document.Descendants() {
			for _, a := range n.Attr {
				if a.Key == "href" || a.Key == "src" || strings.HasPrefix(a.Key, "data-") && strings.HasPrefix(a.Val, "/console") {
					c.add(at, a.Val)
				}
			}
		}
	}
}

// attribute is an attribute of an element, "" without it.
func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
