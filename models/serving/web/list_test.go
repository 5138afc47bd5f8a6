package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/serving/inference"
)

// What is beyond a limit is not decoded: refusing it takes less memory than the request has bytes.
func TestListsAreCountedFirst(t *testing.T) {
	const body, images = 1 << 20, 4
	many := func(element string) string { return strings.Repeat(element+",", body/(len(element)+1)) + element }
	infer := func(text []byte) error {
		_, _, err := readInfer(text, "", images)
		return err
	}
	question := func(text []byte) error {
		_, err := readQuestion(&http.Request{Header: http.Header{"Content-Type": {"application/json"}}, URL: &url.URL{}}, text, images)
		return err
	}
	input := func(fields string) string { return `{"inputs":[{"name":"image","datatype":"BYTES",` + fields + `}]}` }
	for name, test := range map[string]struct {
		read  func([]byte) error
		text  string
		limit int64
	}{
		"inputs":     {infer, `{"inputs":[` + many("{}") + `]}`, 16},
		"outputs":    {infer, `{"outputs": [` + many("{}") + `]}`, 16},
		"shape":      {infer, input(`"shape":[` + many("1") + `]`), 8},
		"elements":   {infer, input(`"shape":[1],"data":[` + strings.Repeat(`"",`, 1000) + `""]`), images},
		"images":     {question, `{"images":[` + many(`""`) + `]}`, images},
		"with texts": {question, `{"images":[` + many(`"]\"}"`) + `]}`, images},
	} {
		text := []byte(test.text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := test.read(text)
		runtime.ReadMemStats(&after)
		limit, ok := errors.AsType[*inference.LimitError](err)
		if !ok || limit.Limit != test.limit || limit.Got != 0 || inference.KindOf(err) != inference.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > body/2 {
			t.Errorf("%s: %d bytes took %d", name, len(test.text), took)
		}
	}
	// Commas in texts and in what the elements hold do not count.
	for _, text := range []string{`{"images":["AAAA","AAAA","AAAA","AAAA"]}`, `{"images":null,"image":"data:a,b,c,d,e;base64,AAAA"}`} {
		if err := question([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := infer([]byte(`{"outputs":[{"name":"a,\"b,c\\"},{"parameters":{"a":[1,2,3],"b":1}}` + strings.Repeat(",{}", 14) + `]}`)); err != nil {
		t.Error(err)
	}
	binary := input(fmt.Sprintf(`"parameters":{"binary_data_size":%d}`, 4*(images+1)))
	if _, _, err := readInfer([]byte(binary+strings.Repeat("\x00", 4*(images+1))), fmt.Sprint(len(binary)), images); inference.KindOf(err) != inference.TooLarge {
		t.Errorf("binary: %v", err)
	}
}
