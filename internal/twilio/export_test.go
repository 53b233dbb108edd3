package twilio

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
)

// Trust lets the client believe the certificates of a test's server.
func (c *Client) Trust(roots *x509.CertPool) {
	c.create.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
}
