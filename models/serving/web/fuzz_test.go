package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/headstart-nb/headstart/models/serving/inference"
	"github.com/headstart-nb/headstart/models/serving/oip"
)

// FuzzInfer reads what clients may send as an inference: it is refused as the client's fault, or its images have the bytes that came.
func FuzzInfer(f *testing.F) {
	f.Add([]byte(`{"id":"1","inputs":[{"name":"image","datatype":"BYTES","shape":[1],"data":["aGVsbG8="]}],"outputs":[{"name":"label"}]}`), "")
	f.Add([]byte(`{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,1,3],"data":[[[[1,2,3]]]]}]}`), "")
	binary := []byte(`{"inputs":[{"name":"image","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":9}}]}`)
	f.Add(append(binary, "\x05\x00\x00\x00hello"...), "96")
	f.Add([]byte(`{"inputs":[{"name":"image","datatype":"UINT8","shape":[2147483647,0],"data":[]}]}`), "")
	f.Fuzz(func(t *testing.T, data []byte, header string) {
		_, tensors, err := readInfer(data, header, 4)
		if err == nil {
			_, err = oip.Images(tensors, 4)
		}
		if k := inference.KindOf(err); err != nil && k != inference.Bad && k != inference.TooLarge {
			t.Errorf("%v is not the client's fault", err)
		}
		total := 0
		for _, tensor := range tensors {
			total += len(tensor.Raw)
			for _, element := range tensor.Elements {
				total += len(element)
			}
		}
		if total > len(data) {
			t.Errorf("%d bytes became %d", len(data), total)
		}
	})
}

// FuzzQuestion does the same for the simple interface, in all its forms.
func FuzzQuestion(f *testing.F) {
	f.Add("image/png", "top=3", []byte("\x89PNG"))
	f.Add("application/json", "", []byte(`{"image":"aGVsbG8=","top":2,"images":["data:image/png;base64,aGVsbG8="]}`))
	f.Add("multipart/form-data; boundary=x", "model=m", []byte("--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nhello\r\n--x--\r\n"))
	f.Fuzz(func(t *testing.T, kind, query string, data []byte) {
		const most = 4
		r := &http.Request{Header: http.Header{"Content-Type": {kind}}, URL: &url.URL{RawQuery: query}}
		q, err := readQuestion(r, data, most)
		if err != nil {
			if k := inference.KindOf(err); k != inference.Bad && k != inference.TooLarge {
				t.Errorf("%v is not the client's fault", err)
			}
			return
		}
		total := 0
		for _, image := range q.images {
			total += len(image.Encoded)
		}
		if total > len(data) {
			t.Errorf("%d bytes became %d", len(data), total)
		}
	})
}
