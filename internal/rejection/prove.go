package rejection

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// maxBases bounds for how many base URLs the signature of one request is computed.
const maxBases = 200

// prove finds the base URL, and the token, with which the request would be verified as it is. So it says which APP_URL is the
// cure, and a later check needs nothing of the request but its path.
func (e *Explainer) prove(r *Request) (*store.RejectionProof, string) {
	if len(r.Signature) != signatureLength || r.Incomplete {
		return nil, ""
	}
	for _, base := range e.bases(r) {
		v := e.verifier
		if base != e.base {
			var err error
			if v, err = signature.New(signature.Config{URL: base, Tokens: e.settings.Tokens, AccountTokens: e.settings.AccountTokens}); err != nil {
				continue
			}
		}
		match, err := v.Verify(r.Request)
		if err != nil {
			continue
		}
		tokens := e.settings.Tokens
		if match.AccountSid != "" {
			tokens = e.settings.AccountTokens[match.AccountSid]
		}
		path := r.path()
		if shown := e.redactor.path(path); shown != path || match.Token >= len(tokens) {
			return nil, base // of a path that is not stored as it is, nothing can be proven later
		}
		return &store.RejectionProof{URL: base + path, Token: tokenHash(tokens[match.Token])}, base
	}
	return nil, ""
}

// proven says whether a proof holds with today's settings.
func (e *Explainer) proven(p *store.RejectionProof, path string) bool {
	if !slices.Contains(e.tokenHashes, p.Token) {
		return false
	}
	// The verifier knows in which forms a URL is signed, so it decides, about a signature that is made for this.
	const token = "any"
	v, err := signature.New(signature.Config{URL: e.base, Tokens: []string{token}})
	if err != nil {
		return false
	}
	target := path
	if e.settings.Cut != nil {
		target = e.settings.Cut(path)
	}
	_, err = v.Verify(signature.Request{Method: "POST", Target: target, Signature: signature.Sign(token, p.URL, nil)})
	return err == nil
}

// bases are base URLs that may have been meant, those that differ least from the configured one first.
func (e *Explainer) bases(r *Request) []string {
	configured, err := url.Parse(e.base)
	if err != nil {
		return []string{e.base}
	}
	schemes := []string{configured.Scheme, map[string]string{"http": "https"}[configured.Scheme]}
	if configured.Scheme == "https" {
		schemes[1] = "http"
	}
	hosts := []string{configured.Host}
	add := func(list *[]string, values ...string) {
		for _, v := range values {
			if !slices.Contains(*list, v) {
				*list = append(*list, v)
			}
		}
	}
	add(&hosts, configured.Hostname())
	for _, host := range claimedHosts(r) {
		add(&hosts, host)
		if name := (&url.URL{Host: host}).Hostname(); name != "" && !strings.Contains(name, ":") {
			add(&hosts, name)
		}
	}
	for _, port := range []string{r.Header.Get("X-Forwarded-Port"), "8080", "8443", "3000"} {
		if plainPort.MatchString(port) && !strings.Contains(configured.Hostname(), ":") {
			add(&hosts, configured.Hostname()+":"+port)
		}
	}
	paths := []string{strings.TrimRight(configured.EscapedPath(), "/")}
	add(&paths, "")
	if prefix := r.Header.Get("X-Forwarded-Prefix"); plainPath().MatchString(prefix) {
		add(&paths, strings.TrimRight(prefix, "/"))
	}
	list := []string{e.base}
	for _, path := range paths {
		for _, host := range hosts {
			for _, scheme := range schemes {
				add(&list, scheme+"://"+host+path)
			}
		}
	}
	return list[:min(len(list), maxBases)]
}

// suspectURLs are the base URLs that the headers of a request name.
func suspectURLs(r *Request) (list []string) {
	for _, host := range claimedHosts(r) {
		list = append(list, "https://"+host, "http://"+host)
	}
	return list
}

// claimedHosts are the hosts that the headers of a request name, without those that are none.
func claimedHosts(r *Request) (hosts []string) {
	forwarded := forwardedHost.FindStringSubmatch(r.Header.Get("Forwarded"))
	for _, host := range []string{r.Header.Get("X-Forwarded-Host"), strings.Join(forwarded[min(len(forwarded), 1):], ""), r.Header.Get("Host")} {
		host, _, _ = strings.Cut(host, ",")
		if host = strings.TrimSpace(host); plainHost().MatchString(host) && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// Those that take long to compile wait for the first request that was refused.
var (
	plainHost = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([A-Za-z0-9.-]{1,100}|\[[0-9a-fA-F:]{2,45}\])(:[0-9]{1,5})?$`)
	})
	plainPath = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(/[A-Za-z0-9._~-]{1,40}){1,4}/?$`)
	})
	plainPort     = regexp.MustCompile(`^[0-9]{1,5}$`)
	forwardedHost = regexp.MustCompile(`(?i)(?:^|[;, ])host="?([^",; ]+)`)
)
