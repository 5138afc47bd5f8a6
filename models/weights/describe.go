package weights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// maxHubFile is the largest file that is fetched by a name alone: eight times a ResNet152.
const maxHubFile = 2 << 30

var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)
	commitName     = regexp.MustCompile(`^[0-9a-f]{40}$`)
	digestName     = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// A HubNameError is text that does not name a repository of the hub at a fixed revision.
type HubNameError struct{ Text string }

func (e *HubNameError) Error() string {
	return fmt.Sprintf("a repository of the hub is named OWNER/NAME@REVISION, where the revision is a commit's 40 hexadecimal digits "+
		"(the files of a branch change); got %q", e.Text)
}

// ParseHub reads "OWNER/NAME@REVISION" as the file of a name in that repository, of a size and a hash that Describe finds.
func ParseHub(text, name string) (HubFile, error) {
	repository, revision, _ := strings.Cut(text, "@")
	if !repositoryName.MatchString(repository) || !commitName.MatchString(revision) {
		return HubFile{}, &HubNameError{text}
	}
	return HubFile{Repository: repository, Revision: revision, Name: name}, nil
}

// Describe completes a file whose size and hash are not known: from the cache where the file is there, else from the server.
// A revision is a commit, whose files never change, so that the answer is the same each time.
func (f HubFile) Describe(ctx context.Context, options FetchOptions) (HubFile, error) {
	described, err := f.describe(ctx, options)
	if err != nil {
		return HubFile{}, fmt.Errorf("look up %s: %w", f, err)
	}
	return described, nil
}

func (f HubFile) describe(ctx context.Context, options FetchOptions) (HubFile, error) {
	path := f.CachePath(options)
	if info, err := os.Stat(path); err == nil {
		f.Size = info.Size()
		if link, err := os.Readlink(path); err == nil && digestName.MatchString(filepath.Base(link)) {
			f.SHA256 = filepath.Base(link) // Fetch checks it
			return f, nil
		}
		f.SHA256, err = Digest(ctx, path) // put there by hand
		return f, err
	}
	if options.offline() {
		return f, errOffline
	}
	url, err := f.address(ctx, options)
	if err != nil {
		return f, err
	}
	header, err := headOf(ctx, url)
	if err != nil {
		return f, err
	}
	f.SHA256 = strings.Trim(header.Get("X-Linked-Etag"), `"`)
	f.Size, err = strconv.ParseInt(header.Get("X-Linked-Size"), 10, 64)
	switch {
	case !digestName.MatchString(f.SHA256) || err != nil:
		return f, errors.New("the server does not tell the file's SHA-256 and size, as it does for files with weights")
	case f.Size < 1 || f.Size > maxHubFile:
		return f, fmt.Errorf("the file has %d bytes; a ResNet has 1 to %d", f.Size, maxHubFile)
	}
	return f, nil
}

// headOf asks for the headers of an address, and follows no redirect: those of the storage behind it do not have the hash.
func headOf(ctx context.Context, url string) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, idleLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s answered %s", url, cmp.Or(response.Status, "an error"))
	}
	return response.Header, nil
}
