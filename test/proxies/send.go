package proxies

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/signature"
)

// Sent is a request on its way, byte for byte.
type Sent struct {
	Method, Target, Host string
	Header               http.Header
	Body                 []byte
	// ReadBefore: middleware in front of the application has read the body, of which only the Content-Length is left.
	ReadBefore bool
}

// sign signs a form body for a URL, which is not cut at its fragment.
func (s *Sent) sign(token, url, form string) {
	// A fragment is no part of what SignForm signs: it goes through the parameters' names.
	url, fragment, found := strings.Cut(url, "#")
	if found {
		form = "%23" + strings.NewReplacer("&", "%26", "=", "%3D", ",", "%2C").Replace(fragment) + "=" + strings.Join(sortedForm(form), "")
	}
	signed, _ := signature.SignForm(token, url, []byte(form))
	s.Header.Set(signature.Header, signed)
}

// sortedForm are the names and values as they are signed, escaped.
func sortedForm(form string) []string {
	values := signature.ParseForm(form)
	names := make([]string, 0, len(values))
	for _, pair := range strings.Split(values.Encode(), "&") {
		name, value, _ := strings.Cut(pair, "=")
		names = append(names, name+value)
	}
	return names
}

// Sent is the request as Twilio sends it.
func (s Setup) Sent() Sent {
	sent := s.Call.withDefaults().sent()
	if s.Change != nil {
		s.Change(&sent)
	}
	return sent
}

func (c Call) sent() Sent {
	s := Sent{Method: c.Method, Header: http.Header{}, Body: []byte(c.Body)}
	if c.JSON {
		s.Header.Set("Content-Type", "application/json")
		var signed string
		c.URL, signed = signature.SignBody(c.Token, c.Signed, s.Body)
		s.Header.Set(signature.Header, signed)
	} else {
		if c.Method == http.MethodPost {
			s.Header.Set("Content-Type", form+"; charset=UTF-8")
		}
		s.sign(c.Token, c.Signed, c.Body)
	}
	_, rest, _ := strings.Cut(c.URL, "://")
	slash := strings.IndexByte(rest, '/')
	s.Host, s.Target = rest[:slash], rest[slash:]
	if userinfo, host, ok := strings.Cut(s.Host, "@"); ok {
		s.Host = host
		s.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(userinfo)))
	}
	return s
}

// Send sends the request to host:port and returns the status of the answer.
func (s Sent) Send(ctx context.Context, address string) (int, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(time.Minute)
	}
	if err := conn.SetDeadline(deadline); err != nil {
		return 0, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", s.Method, s.Target, s.Host)
	header := s.Header.Clone()
	header.Del("Connection")
	if err := header.Write(&b); err != nil {
		return 0, err
	}
	if s.ReadBefore {
		b.WriteString("X-Read-Before: true\r\n")
	}
	if s.Method != http.MethodGet {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(s.Body))
	}
	b.WriteString("\r\n")
	if s.Method != http.MethodGet {
		b.Write(s.Body)
	}
	if _, err := conn.Write(b.Bytes()); err != nil {
		return 0, err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
