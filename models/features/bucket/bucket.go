// Package bucket streams objects from S3-compatible storage.
//
// A stream whose connection breaks or falls silent is taken up where it broke, as long as the object is the same.
package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	attempts = 5 // of a request, and of an object's stream that brings nothing
	// silence is after how long a connection that brings nothing is given up.
	silence = time.Minute
	// metadataWait is how long a machine in the cloud may take to give its credentials; elsewhere nobody answers.
	metadataWait = 2 * time.Second
	pause        = 200 * time.Millisecond // before the second attempt; doubled each time
)

// A Store is reached with one set of credentials.
type Store struct {
	core           minio.Core
	silence, pause time.Duration
}

// New takes the address and the credentials from the environment, as the tools of AWS do: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL,
// AWS_REGION, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, the file of AWS_SHARED_CREDENTIALS_FILE, the
// role of a Pod or a machine. Where there are no credentials, requests are anonymous, as public buckets want them.
func New(getenv func(string) string) (*Store, error) {
	endpoint := cmp.Or(getenv("AWS_ENDPOINT_URL_S3"), getenv("AWS_ENDPOINT_URL"))
	s, err := open(endpoint, attempts, cmp.Or(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION")), chain(getenv))
	if err != nil {
		return nil, fmt.Errorf("reach the object storage of AWS_ENDPOINT_URL: %w", err) // which may hold a password
	}
	return s, nil
}

// amazon is where buckets are when nothing else is said.
const amazon = "https://s3.amazonaws.com"

func chain(getenv func(string) string) *credentials.Credentials {
	providers := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	if getenv("AWS_EC2_METADATA_DISABLED") != "true" {
		providers = append(providers, &credentials.IAM{Client: &http.Client{Timeout: metadataWait}})
	}
	return credentials.NewChainCredentials(providers)
}

func open(endpoint string, retries int, region string, provider *credentials.Credentials) (*Store, error) {
	address, err := url.Parse(cmp.Or(endpoint, amazon))
	if err != nil {
		return nil, errors.New("the address is not a URL")
	}
	if address.Scheme != "http" && address.Scheme != "https" || address.Host == "" || len(address.Path) > 1 || address.User != nil {
		return nil, errors.New("the address must be http://HOST or https://HOST, with a port where it has one")
	}
	if endpoint != "" {
		region = cmp.Or(region, "us-east-1") // what servers other than Amazon's take where they have no regions
	}
	s := &Store{silence: silence, pause: pause}
	plain, err := minio.DefaultTransport(address.Scheme == "https")
	if err != nil {
		return nil, err
	}
	client, err := minio.New(address.Host, &minio.Options{
		Creds: provider, Secure: address.Scheme == "https", Region: region, Transport: watch{plain, s}, MaxRetries: retries,
	})
	if err != nil {
		return nil, err
	}
	s.core = minio.Core{Client: client}
	return s, nil
}

// List gives the keys below a prefix, in their order.
func (s *Store) List(ctx context.Context, bucket, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for object := range s.core.ListObjectsIter(ctx, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
			if object.Err != nil {
				yield("", fmt.Errorf("list %s/%s: %w", bucket, prefix, cause(ctx, object.Err)))
				return
			}
			if !yield(object.Key, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield("", err)
		}
	}
}

// Open streams an object. The error is fs.ErrNotExist where there is none.
func (s *Store) Open(ctx context.Context, bucket, key string) (io.ReadCloser, int64, error) {
	o := &stream{ctx: ctx, store: s, bucket: bucket, key: key}
	if err := o.connect(); err != nil {
		return nil, 0, err
	}
	return o, o.size, nil
}

// stream reads an object through as many connections as it takes.
type stream struct {
	ctx         context.Context
	store       *Store
	bucket, key string
	etag        string // of the first connection
	size, at    int64
	body        io.ReadCloser // nil: not connected
	failures    int           // in a row
}

func (o *stream) connect() error {
	var options minio.GetObjectOptions
	if o.at > 0 {
		if err := errors.Join(options.SetRange(o.at, 0), options.SetMatchETag(o.etag)); err != nil {
			return err
		}
	}
	body, info, header, err := o.store.core.GetObject(o.ctx, o.bucket, o.key, options)
	if err != nil {
		return cause(o.ctx, err)
	}
	if o.at == 0 && info.Size < 0 {
		return errors.Join(&refusedError{"the storage does not say how long the object is: reach it without the proxy in between"}, body.Close())
	}
	if o.at == 0 {
		o.etag, o.size = info.ETag, info.Size
	} else if start := fmt.Sprintf("bytes %d-%d/%d", o.at, o.size-1, o.size); header.Get("Content-Range") != start {
		return errors.Join(&refusedError{fmt.Sprintf("the storage does not give the rest of it: got %q, want %q", header.Get("Content-Range"), start)}, body.Close())
	}
	o.body = body
	return nil
}

// Read reads on. io.EOF comes after the size that the object had at first.
func (o *stream) Read(p []byte) (int, error) {
	for {
		if o.at == o.size {
			return 0, io.EOF
		}
		if o.body == nil {
			if err := o.connect(); err != nil { // a connection has been tried several times then
				return 0, fmt.Errorf("at byte %d of %d: %w", o.at, o.size, err)
			}
		}
		n, err := o.body.Read(p[:min(int64(len(p)), o.size-o.at)])
		if o.at += int64(n); n > 0 {
			o.failures = 0
			return n, nil
		}
		if err == nil {
			continue
		}
		if err := o.broken(err); err != nil {
			return 0, err
		}
	}
}

// broken ends a connection, and waits until it makes sense to try another. It returns an error where that makes none.
func (o *stream) broken(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	_ = o.body.Close() // it has failed already
	o.body = nil
	if o.failures++; o.ctx.Err() != nil {
		return o.ctx.Err()
	}
	if o.failures >= attempts {
		return fmt.Errorf("at byte %d of %d: %w", o.at, o.size, err)
	}
	select {
	case <-o.ctx.Done():
		return o.ctx.Err()
	case <-time.After(o.store.pause << o.failures):
		return nil
	}
}

// Close ends the connection.
func (o *stream) Close() error {
	if o.body == nil {
		return nil
	}
	return o.body.Close()
}

// refusedError is an answer that another attempt gives again.
type refusedError struct{ text string }

func (e *refusedError) Error() string { return e.text }

// cause is an error in this package's terms.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok {
		return err
	}
	switch {
	case answer.Code == minio.NoSuchKey || answer.Code == "NoSuchVersion":
		return fs.ErrNotExist
	case answer.StatusCode == http.StatusPreconditionFailed:
		return &refusedError{"the object was replaced while it was read"}
	case answer.StatusCode >= 400 && answer.StatusCode < 500 && answer.StatusCode != http.StatusTooManyRequests:
		return &refusedError{fmt.Sprintf("%s (%s): check the address and the credentials", answer.Message, answer.Code)}
	}
	return err
}
