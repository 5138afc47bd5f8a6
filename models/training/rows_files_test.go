package training

import (
	"testing"

	"github.com/headstart-nb/headstart/models/features/rowfile"
)

// A description lists so many images at the most; the digest is of all.
func TestManyRowsAreNotListed(t *testing.T) {
	s := &rowsSession{job: RowsJob{Val: 0.5, Rows: &rowfile.File{Paths: []string{"a/1.jpg", "b/2.jpg", "b/3.jpg"}, Label: []int{0, 1, 1}}}}
	files, digest := s.files(3)
	none, same := s.files(2)
	if len(files) != 3 || files[2].Path != "b/3.jpg" || files[2].Label != 1 || none != nil || digest != same {
		t.Errorf("%v and %v, digests %s and %s", files, none, digest, same)
	}
}
