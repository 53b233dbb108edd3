package explain

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/signature"
)

// Input is a request that was read from somewhere.
type Input struct {
	Request signature.Request
	Header  http.Header // with "Host"
	// URL is the base of the URL that was called, with its fragment, where the input has one: a curl command line does, a
	// request as a server gets it does not.
	URL string
}

// Suspects are what the input tells beside the request.
func (in Input) Suspects() signature.Suspects {
	s := signature.Suspects{Header: in.Header}
	if in.URL != "" {
		s.URLs = []string{in.URL}
	}
	return s
}

// Read takes a raw HTTP request or a curl command line. File reads what a command line refers to with @.
func Read(text []byte, file func(name string) ([]byte, error)) (Input, error) {
	start := bytes.TrimLeft(text, " \t\r\n$")
	if word, _, _ := bytes.Cut(start, []byte(" ")); bytes.Equal(word, []byte("curl")) || bytes.HasSuffix(word, []byte("/curl")) && !bytes.HasPrefix(word, []byte("/curl")) {
		return ReadCurl(string(start), file)
	}
	return ReadRaw(text)
}

// ReadRaw takes a request as it is on the wire, or as an editor has left it: lines may end in LF alone, and after the body
// there may be the end of a line. A body that is shorter than its Content-Length is kept as it is.
func ReadRaw(text []byte) (Input, error) {
	text = bytes.TrimLeft(text, "\r\n")
	r := bufio.NewReader(bytes.NewReader(text))
	line, err := textproto.NewReader(r).ReadLine()
	if err != nil {
		return Input{}, errors.New("reading the request: it is empty")
	}
	method, rest, ok := strings.Cut(line, " ")
	target, version, _ := strings.Cut(rest, " ")
	if !ok || method == "" || target == "" || version != "" && !strings.HasPrefix(version, "HTTP/") || strings.ContainsAny(method, ":/?=&") {
		return Input{}, errors.New("reading the request: the first line must be that of an HTTP request, such as POST /path?query HTTP/1.1, or a curl command")
	}
	header, err := readHeader(r)
	if err != nil {
		return Input{}, err
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return Input{}, fmt.Errorf("reading the body: %w", err)
	}
	return Input{Request: requestOf(method, target, header, bodyOf(header, body)), Header: header}, nil
}

func readHeader(r *bufio.Reader) (http.Header, error) {
	header := http.Header{}
	for {
		line, err := r.ReadString('\n')
		end := errors.Is(err, io.EOF)
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return header, nil
		}
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("reading the request: a header without a colon (%.40q); is the empty line before the body missing?", line)
		}
		header.Add(name, strings.TrimSpace(value))
		if end {
			return header, nil
		}
	}
}

// bodyOf takes a chunked body apart, and cuts off what an editor added.
func bodyOf(header http.Header, body []byte) []byte {
	if strings.EqualFold(header.Get("Transfer-Encoding"), "chunked") {
		if plain, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body))); err == nil {
			return plain
		}
	}
	length, err := strconv.Atoi(header.Get("Content-Length"))
	if err == nil && length >= 0 && length < len(body) {
		return body[:length]
	}
	if err != nil && isText(body) {
		return bytes.TrimRight(body, "\r\n")
	}
	return body
}

func isText(body []byte) bool {
	return !bytes.ContainsFunc(body, func(r rune) bool { return r == 0xfffd })
}

func requestOf(method, target string, header http.Header, body []byte) signature.Request {
	return signature.Request{
		Method: method, Target: target, ContentType: header.Get("Content-Type"), Signature: header.Get(signature.Header), Body: body,
		WebSocket: method == http.MethodGet && strings.EqualFold(header.Get("Upgrade"), "websocket"),
	}
}

// ofURL is a request for a whole URL.
func ofURL(method, whole string, header http.Header, body []byte) (Input, error) {
	if !strings.Contains(whole, "://") {
		whole = "http://" + whole // as curl does
	}
	u, err := url.Parse(whole)
	if err != nil || u.Host == "" {
		return Input{}, errors.New("the URL must be a whole one, such as https://example.com/path?query")
	}
	// The bytes behind the authority, and not what was parsed.
	scheme, rest, _ := strings.Cut(whole, "://")
	authority, target := rest, "/"
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, target = rest[:i], rest[i:]
		if target[0] != '/' {
			target = "/" + target
		}
	}
	if header.Get("Host") == "" {
		header.Set("Host", u.Host)
	}
	base := scheme + "://" + authority
	target, fragment, found := strings.Cut(target, "#")
	if found {
		base += "#" + fragment
	}
	return Input{Request: requestOf(method, target, header, body), Header: header, URL: base}, nil
}

// Fields is a request by its parts.
type Fields struct {
	Method, URL, Signature, ContentType string
	Params                              []string // NAME=VALUE, decoded
	Body                                []byte   // raw, instead of Params
}

// Input makes a request of the parts.
func (f Fields) Input() (Input, error) {
	if f.URL == "" {
		return Input{}, errors.New("--url: is missing; it is the whole URL that was called, such as https://example.com/path?query")
	}
	body := f.Body
	for _, param := range f.Params {
		name, value, ok := strings.Cut(param, "=")
		if !ok {
			return Input{}, fmt.Errorf("--param: must be NAME=VALUE, and not %.20q", param)
		}
		if len(body) > 0 {
			body = append(body, '&')
		}
		body = append(body, url.QueryEscape(name)+"="+url.QueryEscape(value)...)
	}
	method, contentType := f.Method, f.ContentType
	if method == "" {
		method = http.MethodPost
		if len(body) == 0 {
			method = http.MethodGet
		}
	}
	if contentType == "" && len(body) > 0 {
		contentType = "application/x-www-form-urlencoded"
	}
	header := http.Header{}
	header.Set("Content-Type", contentType)
	header.Set(signature.Header, f.Signature)
	return ofURL(strings.ToUpper(method), f.URL, header, body)
}
