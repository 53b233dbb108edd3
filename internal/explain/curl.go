package explain

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// curl is a command line while it is read.
type curl struct {
	method, url string
	header      http.Header
	data        []byte
	hasData     bool
	get         bool
	file        func(string) ([]byte, error)
}

// curlOption is one of curl's options that says what is sent.
type curlOption struct {
	value bool // takes one
	apply func(c *curl, value string) error
}

func with(apply func(c *curl, value string) error) curlOption { return curlOption{true, apply} }

// ReadCurl takes a curl command line, as browsers copy it and `iagent replay --curl` prints it. File reads what -d @FILE
// refers to; nil refuses.
func ReadCurl(line string, file func(name string) ([]byte, error)) (Input, error) {
	words, err := shellWords(line)
	if err != nil {
		return Input{}, fmt.Errorf("reading the curl command: %w", err)
	}
	c := &curl{header: http.Header{}, file: file}
	for i := 1; i < len(words); i++ {
		used, err := c.take(words[i], words[i+1:])
		if err != nil {
			return Input{}, fmt.Errorf("reading the curl command: %w", err)
		}
		i += used
	}
	return c.input()
}

// take reads one word and says how many more it used.
func (c *curl) take(word string, rest []string) (used int, err error) {
	if !strings.HasPrefix(word, "-") || word == "-" {
		if c.url != "" {
			return 0, errors.New("it has two URLs")
		}
		c.url = word
		return 0, nil
	}
	name, value, attached := word, "", false
	if strings.HasPrefix(word, "--") {
		name, value, attached = strings.Cut(word, "=")
	} else if len(word) > 2 {
		name, value, attached = word[:2], word[2:], true
	}
	option, known := curlOptions[name]
	switch {
	case known && !option.value:
		if err := option.apply(c, ""); err != nil {
			return 0, err
		}
		if attached && !strings.HasPrefix(word, "--") { // -sSL
			return c.take("-"+value, rest)
		}
		return 0, nil
	case known && !attached:
		if len(rest) == 0 {
			return 0, fmt.Errorf("%s needs a value", name)
		}
		return 1, option.apply(c, rest[0])
	case known:
		return 0, option.apply(c, value)
	case strings.HasPrefix(word, "--"):
		if takesValue[name] && !attached && len(rest) > 0 {
			return 1, nil
		}
		return 0, nil // says nothing about what is sent
	case takesValue[name] && !attached && len(rest) > 0:
		return 1, nil
	case attached && !takesValue[name]:
		return c.take("-"+value, rest)
	}
	return 0, nil
}

// takesValue are options that have a value and say nothing about the text that is signed.
var takesValue = map[string]bool{"-o": true, "--output": true, "-A": true, "--user-agent": true, "-e": true, "--referer": true, "-b": true, "--cookie": true,
	"-m": true, "--max-time": true, "--connect-timeout": true, "-x": true, "--proxy": true, "-w": true, "--write-out": true, "--resolve": true, "--connect-to": true,
	"--retry": true, "--cacert": true, "-E": true, "--cert": true, "--key": true, "-c": true, "--cookie-jar": true, "-D": true, "--dump-header": true, "--interface": true,
	"--limit-rate": true, "--max-redirs": true, "--ciphers": true, "--unix-socket": true, "-K": true, "--config": true, "--trace": true, "--trace-ascii": true}

var curlOptions = map[string]curlOption{
	"-H": with((*curl).addHeader), "--header": with((*curl).addHeader),
	"-X": with((*curl).setMethod), "--request": with((*curl).setMethod),
	"-d": with((*curl).addData), "--data": with((*curl).addData), "--data-ascii": with((*curl).addData),
	"--data-raw":       with(func(c *curl, v string) error { return c.join([]byte(v)) }),
	"--data-binary":    with((*curl).addBinary),
	"--data-urlencode": with((*curl).addEncoded),
	"--json":           with((*curl).addJSON),
	"--url":            with(func(c *curl, v string) error { c.url = v; return nil }),
	"-u":               with((*curl).addUser), "--user": with((*curl).addUser),
	"-G": {false, func(c *curl, _ string) error { c.get = true; return nil }}, "--get": {false, func(c *curl, _ string) error { c.get = true; return nil }},
	"-I": {false, func(c *curl, _ string) error { c.method = http.MethodHead; return nil }}, "--head": {false, func(c *curl, _ string) error { c.method = http.MethodHead; return nil }},
	"-F": with(refuseParts), "--form": with(refuseParts), "-T": with(refuseParts), "--upload-file": with(refuseParts),
}

func refuseParts(*curl, string) error {
	return errors.New("-F and -T are not read: Twilio sends forms with -d")
}

func (c *curl) addHeader(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return nil // "Name;" is a header without a value
	}
	c.header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

func (c *curl) setMethod(method string) error {
	c.method = strings.ToUpper(method)
	return nil
}

func (c *curl) addUser(user string) error {
	c.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user)))
	return nil
}

// join puts & between the values of several options, as curl does.
func (c *curl) join(data []byte) error {
	if c.hasData {
		c.data = append(c.data, '&')
	}
	c.hasData = true
	c.data = append(c.data, data...)
	return nil
}

func (c *curl) read(name string) ([]byte, error) {
	if c.file == nil {
		return nil, fmt.Errorf("it reads the file %s: give its text instead", name)
	}
	return c.file(name)
}

func (c *curl) addData(value string) error {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return c.join([]byte(value))
	}
	data, err := c.read(name)
	if err != nil {
		return err
	}
	return c.join([]byte(strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(string(data))))
}

func (c *curl) addBinary(value string) error {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return c.join([]byte(value))
	}
	data, err := c.read(name)
	if err != nil {
		return err
	}
	return c.join(data)
}

// addEncoded takes content, =content, name=content, @file and name@file.
func (c *curl) addEncoded(value string) error {
	i := strings.IndexAny(value, "=@")
	if i < 0 {
		return c.join([]byte(url.QueryEscape(value)))
	}
	name, content := value[:i], value[i+1:]
	if value[i] == '@' {
		data, err := c.read(content)
		if err != nil {
			return err
		}
		content = string(data)
	}
	encoded := url.QueryEscape(content)
	if name != "" {
		encoded = name + "=" + encoded
	}
	return c.join([]byte(encoded))
}

func (c *curl) addJSON(value string) error {
	for name, media := range map[string]string{"Content-Type": "application/json", "Accept": "application/json"} {
		if c.header.Get(name) == "" {
			c.header.Set(name, media)
		}
	}
	before, hadData := c.data, c.hasData
	c.data, c.hasData = nil, false
	if err := c.addBinary(value); err != nil {
		return err
	}
	c.data, c.hasData = append(before, c.data...), hadData || c.hasData // without &
	return nil
}

func (c *curl) input() (Input, error) {
	if c.url == "" {
		return Input{}, errors.New("reading the curl command: it has no URL")
	}
	if c.get && c.hasData {
		address, fragment, found := strings.Cut(c.url, "#")
		separator := "?"
		if strings.Contains(address, "?") {
			separator = "&"
		}
		c.url = address + separator + string(c.data)
		if found {
			c.url += "#" + fragment
		}
		c.data, c.hasData = nil, false
	}
	switch {
	case c.method != "":
	case c.hasData:
		c.method = http.MethodPost
	default:
		c.method = http.MethodGet
	}
	if c.hasData && c.header.Get("Content-Type") == "" {
		c.header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	in, err := ofURL(c.method, c.url, c.header, c.data)
	if err != nil {
		return in, fmt.Errorf("reading the curl command: %w", err)
	}
	return in, nil
}
