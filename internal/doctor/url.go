package doctor

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/i-agent/iagent/signature"
)

// certificateSoon is how long before its end a certificate is worth a warning.
const certificateSoon = 14 * 24 * time.Hour

func (d *doctor) urlChecks() []check {
	needs := []string{"APP_URL", "TWILIO_AUTH_TOKEN"}
	return []check{
		{name: "url.address", lookedAt: bareURL(d.BaseURL), needs: needs[:1], run: d.checkAddress},
		{name: "url.webhook", lookedAt: bareURL(d.BaseURL) + SelfTestPath, needs: needs, run: d.checkWebhook},
	}
}

// checkAddress looks whether Twilio can reach the host at all.
func (d *doctor) checkAddress(ctx context.Context) outcome {
	u, err := url.Parse(d.BaseURL)
	if err != nil || u.Hostname() == "" {
		return fail("set APP_URL to the public base URL", "it is no URL")
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return fail("create a DNS record for the host, or correct APP_URL", "the host %s has no address: %v", u.Hostname(), dnsReason(err))
	}
	for _, address := range addresses {
		if private(address.Unmap()) {
			if d.APIURL != "" && !strings.Contains(d.APIURL, ".twilio.com") {
				return ok("%s is of this machine or network, as is TWILIO_API_URL", u.Hostname())
			}
			return warn("set APP_URL to the URL under which the world reaches this server; for a trial use a tunnel",
				"%s is of this machine or network (%s): Twilio does not reach it", u.Hostname(), address.Unmap())
		}
	}
	if u.Scheme != "https" {
		return warn("serve it by https, and set APP_URL to that", "it is http: whoever is between Twilio and here reads and changes the calls")
	}
	return ok("%s has %d public addresses", u.Hostname(), len(addresses))
}

func dnsReason(err error) string {
	var e *net.DNSError
	if errors.As(err, &e) {
		return e.Err
	}
	return "it cannot be looked up"
}

func private(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified()
}

// selfTestBody has what proxies and frameworks like to change: an empty value, a space at the end, a plus sign, letters that are
// not ASCII, a name twice.
var selfTestBody = url.Values{
	"AccountSid": {""}, "Body": {"caf\u00e9 + 1%25 "}, "CallStatus": {"self-test"}, "To": {"+15005550006"}, "Digits": {"1", "2"},
}

// checkWebhook sends a signed request to the public URL, as Twilio sends webhooks, and looks at what the server says of it.
func (d *doctor) checkWebhook(ctx context.Context) outcome {
	if len(d.Tokens) == 0 {
		return skipped("TWILIO_AUTH_TOKEN is not set")
	}
	nonce := rand.Text()
	sent := sent{Target: SelfTestPath + "?callId=self-test&nonce=" + nonce + "&q=a%20b+c%2Fd", Body: selfTestBody.Encode()}
	address := d.BaseURL + sent.Target
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(sent.Body))
	if err != nil {
		return fail("correct APP_URL", "it makes no URL")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	r.Header.Set("User-Agent", "TwilioProxy/1.1 (compatible; iagent doctor)")
	signed, err := signature.SignForm(d.Tokens[0], withoutUser(address), []byte(sent.Body))
	if err != nil {
		return fail("correct APP_URL", "it cannot be signed")
	}
	r.Header.Set(signature.Header, signed)
	r.Header.Set(SelfTestHeader, Proof(d.Tokens[0], nonce))
	client := &http.Client{Transport: d.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return unreachable(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	said := d.readSelfTest(response, body, sent, nonce)
	if said.result != OK || response.TLS == nil || len(response.TLS.PeerCertificates) == 0 {
		return said
	}
	left := response.TLS.PeerCertificates[0].NotAfter.Sub(d.Now())
	if left < certificateSoon {
		return warn("renew the certificate", "%s; the certificate ends in %d hours", said.detail, int(left.Hours()))
	}
	said.detail += fmt.Sprintf("; the certificate is trusted for %d more days", int(left.Hours()/24))
	return said
}

// withoutUser is a URL without its userinfo, which is not signed.
func withoutUser(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	authority, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	return scheme + "://" + authority + "/" + path
}

// unreachable is what it means that no answer came.
func unreachable(err error) outcome {
	var (
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		dns     *net.DNSError
	)
	switch {
	case errors.As(err, &unknown):
		return fail("get a certificate of a public authority, with the whole chain", "the certificate is not trusted: it is self-signed, or its intermediate is missing (Twilio: 11237)")
	case errors.As(err, &invalid):
		return fail("renew the certificate", "the certificate is not valid: %v", invalid)
	case errors.As(err, &name):
		return fail("get a certificate for this host, or correct APP_URL", "the certificate is for another host (Twilio: 11236)")
	case errors.As(err, &dns):
		return fail("create a DNS record for the host, or correct APP_URL", "the host has no address: %s", dns.Err)
	case errors.Is(err, context.DeadlineExceeded):
		return fail("open the port in the firewall; check that the proxy reaches iagent serve", "no answer came in time")
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fail("start iagent serve and the proxy in front of it, or correct APP_URL", "it is not reached: %v", err)
}

// readSelfTest says what the answer to the self-test means.
func (d *doctor) readSelfTest(response *http.Response, body []byte, sent sent, nonce string) outcome {
	var answer SelfTestAnswer
	ours := json.Unmarshal(body, &answer) == nil && d.proven(answer.Proof, nonce)
	status := response.StatusCode
	switch {
	case status == http.StatusOK && ours:
		return ok("a signed request arrived as it was sent, and was accepted")
	case status == http.StatusForbidden && ours:
		detail, cure := sent.explain(answer, d.BaseURL)
		return fail(cure, "a signed request was refused: %s", detail)
	case status == http.StatusForbidden && answer.Error == "Invalid signature":
		return fail("restart iagent serve with these settings, or correct APP_URL if it is another installation's",
			"an i-agent answers there, and knows none of these auth tokens: it was started with others")
	case status >= 300 && status < 400:
		return fail("set APP_URL to the URL that it leads to, so that nothing is redirected", "the request is redirected (%d): Twilio would repeat a POST as GET, without its parameters", status)
	case status == http.StatusUnauthorized:
		return fail("let the proxy pass /api/webhooks/ without credentials", "somebody in front of i-agent wants credentials (401)")
	case status == http.StatusNotFound:
		return fail("let the proxy pass /api/webhooks/ to iagent serve, and see that it is of the same version", "who answers does not know the path (404)")
	case status == http.StatusForbidden:
		return fail("let the proxy or firewall pass POST requests to /api/webhooks/", "somebody in front of i-agent refuses the request (403)")
	case status == http.StatusMethodNotAllowed:
		return fail("let the proxy pass POST requests to /api/webhooks/", "who answers takes no POST (405)")
	case status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout:
		return fail("start iagent serve, or correct the address to which the proxy passes requests", "the proxy does not reach i-agent (%d)", status)
	case status == http.StatusTooManyRequests:
		return warn("try again in a minute", "too many unverified requests came from here (429)")
	}
	return fail("correct APP_URL, or the proxy in front of iagent serve", "who answers is not this i-agent: status %d, %s", status, response.Header.Get("Content-Type"))
}

// proven reports whether the answer comes from somebody who has one of our tokens.
func (d *doctor) proven(proof, nonce string) bool {
	for _, token := range d.Tokens {
		if Proves(token, answerNonce(nonce), proof) {
			return true
		}
	}
	return false
}
