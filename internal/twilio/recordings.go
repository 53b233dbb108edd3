package twilio

import (
	"context"
	"errors"
	"net/http"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// notFound is Twilio's code for a resource that is not there (Twilio: error 20404).
const notFound = 20404

// DeleteRecording deletes a recording and its media for good. A recording that is not there any more is a success, so
// that the deletion can be repeated; it must be Twilio who says so, not a gateway or a wrong base URL.
func (c *Client) DeleteRecording(ctx context.Context, sid string) error {
	err := c.call(ctx, "deleting recording", c.shared, func(rest *api.ApiService) error {
		return rest.DeleteRecording(sid, nil)
	})
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound && e.Code == notFound {
		return nil
	}
	return err
}
