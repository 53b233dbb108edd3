package app

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"
)

// hostileRows are rows of lists: what is wrong with each is shown beside what was written.
func hostileRows() string {
	quoted := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	var rows strings.Builder
	for _, text := range hostile {
		rows.WriteString(quoted(text) + "\n")                        // as a number
		rows.WriteString("+15551230007," + quoted(text))             // as what comes behind it
		rows.WriteString("," + quoted(text) + ",,,\n" + text + "\n") // unquoted
	}
	return rows.String()
}

// upload posts a form with a file, of a hostile name and type, as an Admin, and looks at the page that comes back.
func (h *hostileSite) upload(path, list string, fields map[string]string) (body string) {
	t := h.t
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	name := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(hostile[1] + hostile[0])
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + name + `.csv"`}, "Content-Type": {"text/html"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, list); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", h.url+path, &form)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("crawler", adminToken)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body = string(text); !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		if !strings.HasPrefix(response.Header.Get("Content-Disposition"), "attachment; ") {
			t.Errorf("POST %s: a browser would open %s", path, response.Header.Get("Content-Type"))
		}
		return body
	}
	document, err := nethtml.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, "POST "+path, document)
	return body
}

// uploads sends hostile lists to each page that takes one.
func (h *hostileSite) uploads(t *testing.T, campaign string) {
	at := "/console/campaigns/" + campaign + "/import"
	shown := 0
	for path, header := range map[string]string{
		at + "/contacts": "phoneNumber,externalId,timeZone,language,consentAt,var.x\n", at + "/contacts/refused": "phoneNumber,externalId,timeZone,language,consentAt,var.x\n",
		at: "", "/console/do-not-call/import": "phoneNumber,reason,scope,source\n",
	} {
		for _, list := range []string{header + hostileRows(), hostileRows(), `{"contacts":[{"phoneNumber":` + hostile[0]} {
			body := h.upload(path, list, map[string]string{"source": hostile[0], "reason": hostile[1]})
			if strings.Contains(decoded(body), "hostile-element") {
				shown++
			}
		}
	}
	if shown < 6 {
		t.Errorf("the hostile rows are in %d answers only: the test has lost its sting", shown)
	}
}
