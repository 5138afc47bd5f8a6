package inference

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/serving"
	"github.com/headstart-nb/headstart/models/serving/modelset"
)

// ErrNoImage is a request without an image.
var ErrNoImage = errors.New("the request has no image")

// ErrNoClasses is an explanation that is asked of a regression.
var ErrNoClasses = errors.New("the model gives values, not classes: there is no class to explain")

// An ImageError is an image that cannot be read.
type ImageError struct{ Err error }

func (e *ImageError) Error() string { return "read the image: " + e.Err.Error() }

// Unwrap is what is wrong with it.
func (e *ImageError) Unwrap() error { return e.Err }

// A RequestError is a request that is not understood.
type RequestError struct{ Err error }

func (e *RequestError) Error() string { return "read the request: " + e.Err.Error() }

// Unwrap is what is wrong with it.
func (e *RequestError) Unwrap() error { return e.Err }

// BadRequest is a RequestError of a format.
func BadRequest(format string, args ...any) error { return &RequestError{fmt.Errorf(format, args...)} }

// A ClassError is a class that a model does not know.
type ClassError struct{ Class string }

func (e *ClassError) Error() string { return fmt.Sprintf("the model knows no class %q", e.Class) }

// A LimitError is a request that asks for more than is allowed.
type LimitError struct {
	What       string
	Got, Limit int64 // a Got of 0 is not known: reading ended at the limit
}

func (e *LimitError) Error() string {
	if e.Got == 0 {
		return fmt.Sprintf("too many %s: the limit is %d", e.What, e.Limit)
	}
	return fmt.Sprintf("too many %s: %d, and the limit is %d", e.What, e.Got, e.Limit)
}

// An OverloadError is a request that would have to wait too long.
type OverloadError struct{ What string }

func (e *OverloadError) Error() string { return "the server is busy: " + e.What + "; try again later" }

// maxMessage is how much of an error is told, in bytes.
const maxMessage = 1 << 10

// Message is an error for a client or the log. Where the request's own text is in it, which may be as long as a request, its end is left out.
func Message(err error) string {
	text := err.Error()
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + " ..."
}

// MaxName bounds the texts of a request that its answer repeats, in bytes.
const MaxName = 4 << 10

// CheckName refuses a text that is too long to be repeated.
func CheckName(what, text string) error {
	if len(text) > MaxName {
		return &LimitError{What: "bytes in " + what, Got: int64(len(text)), Limit: MaxName}
	}
	return nil
}

// A Kind is what a client can do about an error.
type Kind int

// The kinds of errors.
const (
	Internal    Kind = iota // nothing: the server failed
	Bad                     // send another request
	Missing                 // ask for another model
	TooLarge                // send less
	Overloaded              // try again later
	Unavailable             // try again when the server is ready, or another server
	TimedOut                // try again later: the answer took too long
	Canceled                // the client went away
)

// KindOf tells what an error means to a client.
func KindOf(err error) Kind {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, modelset.ErrClosed), errors.Is(err, serving.ErrClosed), is[*modelset.LoadingError](err):
		return Unavailable
	case is[*modelset.NotFoundError](err):
		return Missing
	case is[*OverloadError](err):
		return Overloaded
	case is[*LimitError](err):
		return TooLarge
	case errors.Is(err, ErrNoImage), errors.Is(err, ErrNoClasses), is[*ImageError](err), is[*RequestError](err), is[*ClassError](err):
		return Bad
	}
	return Internal
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
