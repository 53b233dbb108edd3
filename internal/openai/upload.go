package openai

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"

	"github.com/openai/openai-go/v3/option"
)

// upload is a multipart form with one file that is read while it is sent: the official client would hold all of it in
// memory, and a copy.
type upload struct {
	contentType string
	head, tail  []byte
	audio       Audio
}

// newUpload makes the form. Fields are pairs of a name and a value.
func newUpload(audio Audio, fields [][2]string) (*upload, error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, f := range fields {
		if err := form.WriteField(f[0], f[1]); err != nil {
			return nil, fmt.Errorf("writing the form: %w", err)
		}
	}
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition("file", audio.Name))
	header.Set("Content-Type", audio.ContentType)
	if _, err := form.CreatePart(header); err != nil {
		return nil, fmt.Errorf("writing the form: %w", err)
	}
	head := bytes.Clone(b.Bytes())
	b.Reset()
	if err := form.Close(); err != nil {
		return nil, fmt.Errorf("writing the form: %w", err)
	}
	return &upload{contentType: form.FormDataContentType(), head: head, tail: b.Bytes(), audio: audio}, nil
}

func (u *upload) size() int64 { return int64(len(u.head)) + u.audio.Size + int64(len(u.tail)) }

func (u *upload) open() (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(bytes.NewReader(u.head), u.audio.Open(), bytes.NewReader(u.tail))), nil
}

// options send the form as the body of a request, with its length: many servers take no chunked one.
func (u *upload) options() []option.RequestOption {
	return []option.RequestOption{
		option.WithHeader("Content-Type", u.contentType),
		option.WithMiddleware(func(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
			if req.Body != nil {
				_ = req.Body.Close()
			}
			req.ContentLength, req.GetBody = u.size(), u.open
			req.Body, _ = u.open() // opening fails never
			return next(req)
		}),
	}
}
