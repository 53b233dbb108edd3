package signature

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"
)

// altered is the request with one thing about it undone.
type altered struct {
	req    Request
	weight int
	causes []Cause
}

const formMediaType = "application/x-www-form-urlencoded"

// maxDecoded bounds what a compressed body may become.
const maxDecoded = 256 << 10

// readings lists the ways to take a request, as it is first.
func readings(req Request, suspects Suspects) []altered {
	list := []altered{{req: req}}
	body := func(weight int, body []byte, cause Cause) {
		if len(body) == 0 || bytes.Equal(body, req.Body) && isForm(req.ContentType) {
			return
		}
		changed := req
		changed.Body, changed.ContentType = body, formMediaType
		if bodiless(req.Method) {
			changed.Method = "POST"
		}
		list = append(list, altered{changed, weight, []Cause{cause}})
	}
	decoded(req, body)
	if len(suspects.Form) > 0 {
		body(common, []byte(suspects.Form.Encode()), Cause{Kind: CauseBody, Text: "the body was read before it came here (ParseForm, FormValue, a body parser)", Cure: readBodyCure})
	}
	structured(req, body)
	list = append(list, swapped(req)...)
	if len(req.Body) > 0 && !strings.Contains(req.Target, "bodySHA256") && len(req.Target) < maxTarget-100 {
		list = append(list, withBodyHash(req))
	}
	return list
}

// withBodyHash puts back the parameter by which a JSON body is signed.
func withBodyHash(req Request) altered {
	sum := sha256.Sum256(req.Body)
	before, fragment, _ := strings.Cut(req.Target, "#")
	separator := "?"
	if strings.Contains(before, "?") {
		separator = "&"
	}
	req.Target = before + separator + "bodySHA256=" + hex.EncodeToString(sum[:])
	if fragment != "" {
		req.Target += "#" + fragment
	}
	return altered{req, common, []Cause{{Kind: CauseQuery, Text: "signed with bodySHA256 in the query, which was lost on its way", Cure: passQuery}}}
}

// decoded undoes encodings of the whole body.
func decoded(req Request, offer func(int, []byte, Cause)) {
	const compressed = "decompress the body before it is verified, or have the proxy pass it on as it came"
	const base64Cure = "decode the body before it is verified (API Gateway and Lambda say isBase64Encoded: true)"
	unzipped := gunzip(req.Body)
	offer(common, unzipped, Cause{Kind: CauseEncoding, Text: "the body arrives compressed (gzip, deflate)", Cure: compressed})
	if plain := fromBase64(req.Body); plain != nil {
		offer(common, plain, Cause{Kind: CauseEncoding, Text: "the body arrives in base64, as API Gateway and Lambda give it to a handler", Cure: base64Cure})
		offer(rare, gunzip(plain), Cause{Kind: CauseEncoding, Text: "the body arrives compressed and in base64", Cure: base64Cure})
	}
	if !bytes.ContainsRune(req.Body, '=') && bytes.Contains(bytes.ToUpper(req.Body), []byte("%3D")) {
		offer(common, []byte(unescapeForm(string(req.Body))), Cause{Kind: CauseBody, Text: "the body was escaped as a whole on its way", Cure: passBody})
	}
	if trimmed := bytes.Trim(req.Body, " \t\r\n\x00\ufeff"); len(trimmed) < len(req.Body) {
		offer(common, trimmed, Cause{Kind: CauseBody, Text: "white space or the end of a line was added to the body", Cure: passBody})
	}
	var text string
	if json.Unmarshal(req.Body, &text) == nil {
		offer(common, []byte(text), Cause{Kind: CauseBody, Text: "the body was made a JSON string on its way", Cure: passBody})
	}
	if bytes.Contains(req.Body, []byte("&amp;")) {
		offer(common, bytes.ReplaceAll(req.Body, []byte("&amp;"), []byte("&")), Cause{Kind: CauseBody, Text: "the body was escaped for XML on its way", Cure: passBody})
	}
}

func gunzip(body []byte) []byte {
	var r io.Reader
	var err error
	switch {
	case bytes.HasPrefix(body, []byte{0x1f, 0x8b}):
		r, err = gzip.NewReader(bytes.NewReader(body))
	case len(body) > 2 && body[0] == 0x78:
		r, err = zlib.NewReader(bytes.NewReader(body))
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxDecoded))
	if err != nil {
		return nil
	}
	return plain
}

// fromBase64 decodes what is base64 and nothing else, and is a form or compressed then.
func fromBase64(body []byte) []byte {
	text := strings.TrimRight(strings.NewReplacer("\r", "", "\n", "", "-", "+", "_", "/", `"`, "", "%3D", "").Replace(string(body)), "=")
	plain, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(plain) < 4 || !bytes.ContainsRune(plain, '=') && gunzip(plain) == nil {
		return nil
	}
	return plain
}

// structured takes a form out of the JSON or the multipart body that something made of it.
func structured(req Request, offer func(int, []byte, Cause)) {
	cause := Cause{Kind: CauseContentType, Text: "signed as a form, of which something on the way made another kind of body", Cure: "let the proxy pass body and Content-Type on unchanged"}
	var object map[string]any
	if json.Unmarshal(req.Body, &object) == nil {
		values := url.Values{}
		for name, value := range object {
			switch value := value.(type) {
			case string:
				values.Add(name, value)
			case nil:
				values.Add(name, "")
			case []any:
				for _, v := range value {
					if s, ok := v.(string); ok {
						values.Add(name, s)
					}
				}
			}
		}
		offer(common, []byte(values.Encode()), cause)
	}
	mediaType, params, err := mime.ParseMediaType(req.ContentType)
	if err != nil || mediaType != "multipart/form-data" || params["boundary"] == "" {
		return
	}
	form, err := multipart.NewReader(bytes.NewReader(req.Body), params["boundary"]).ReadForm(maxDecoded)
	if err == nil {
		offer(common, []byte(url.Values(form.Value).Encode()), cause)
		_ = form.RemoveAll()
	}
}

// swapped moves parameters between query and body, as a change of the method does.
func swapped(req Request) []altered {
	var list []altered
	before, query, _ := strings.Cut(req.Target, "?")
	if len(req.Body) > 0 {
		if strings.Contains(req.Target, "#") || len(req.Target)+len(req.Body) >= maxTarget {
			return nil
		}
		changed := req
		changed.Method, changed.Body = "GET", nil
		separator := "?"
		if query != "" {
			separator = "&"
		}
		changed.Target += separator + string(req.Body)
		return []altered{{changed, common, []Cause{{Kind: CauseMethod, Text: "signed as a GET, whose query arrives as the body of a " + printable(req.Method), Cure: "let the proxy pass the method on unchanged"}}}}
	}
	if query == "" || req.WebSocket {
		return nil
	}
	cause := Cause{Kind: CauseMethod, Text: "signed as a POST, whose parameters arrive in the query: a redirect or a gateway moved them", Cure: "give Twilio the URL that the redirect leads to, and pass body and method on unchanged"}
	move := func(kept, moved []string) {
		changed := req
		changed.Method, changed.ContentType, changed.Target = "POST", formMediaType, before
		if len(kept) > 0 {
			changed.Target += "?" + strings.Join(kept, "&")
		}
		changed.Body = []byte(strings.Join(moved, "&"))
		list = append(list, altered{changed, common, []Cause{cause}})
	}
	pairs := strings.Split(query, "&")
	const most = 4
	for i := range pairs[:min(len(pairs), most)] {
		move(pairs[:i], pairs[i:])
	}
	// Twilio's names begin with a capital.
	var kept, moved []string
	for _, pair := range pairs {
		if pair != "" && pair[0] >= 'A' && pair[0] <= 'Z' {
			moved = append(moved, pair)
		} else {
			kept = append(kept, pair)
		}
	}
	if len(moved) > 0 && len(kept) > 0 {
		move(kept, moved)
	}
	return list
}
