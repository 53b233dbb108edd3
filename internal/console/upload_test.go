package console_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
)

// upload posts a form with a file, and returns the page that is the answer.
func (o *site) upload(path, file string, form map[string]string) string {
	o.t.Helper()
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	for name, value := range form {
		_ = parts.WriteField(name, value) // of a buffer
	}
	part, err := parts.CreateFormFile("file", "list.csv")
	if err != nil {
		o.t.Fatal(err)
	}
	_, _ = io.WriteString(part, file)
	_ = parts.Close()
	r, err := http.NewRequestWithContext(o.t.Context(), "POST", o.url+path, &body)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", parts.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := o.browser.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(page)
}
