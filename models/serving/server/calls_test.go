package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/headstart-nb/headstart/models/serving/oippb"
	"github.com/headstart-nb/headstart/models/serving/servingtest"
)

// verbatim sends bytes as a message.
type verbatim struct{ encoding.CodecV2 }

func (verbatim) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(message.([]byte))}, nil
}

// A call that ends before its message was read is counted and logged as well.
func TestCallsThatFailEarly(t *testing.T) {
	config := testConfig()
	config.Limits.Body, config.Limits.Wait, config.LogRequests = 1<<10, 250*time.Millisecond, true
	s, log := startStub(t, config, servingtest.Stub{Size: 8})
	link, err := grpc.NewClient(s.GRPCAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	const method = oippb.GRPCInferenceService_ModelInfer_FullMethodName
	codec := grpc.ForceCodecV2(verbatim{encoding.GetCodecV2("proto")})
	for _, test := range []struct {
		message []byte
		want    codes.Code
	}{{make([]byte, 1<<20), codes.ResourceExhausted}, {[]byte{5<<3 | 2, 99}, codes.InvalidArgument}} {
		if err := link.Invoke(t.Context(), method, test.message, &oippb.ModelInferResponse{}, codec); status.Code(err) != test.want {
			t.Errorf("%d bytes: %v, want %v", len(test.message), err, test.want)
		}
	}
	silent, err := link.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, method)
	if err != nil {
		t.Fatal(err)
	}
	if err := silent.RecvMsg(&oippb.ModelInferResponse{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("no message: %v", err)
	}
	text := s.scrapeCalls(t, 3)
	for _, code := range []codes.Code{codes.ResourceExhausted, codes.InvalidArgument, codes.DeadlineExceeded} {
		wants(t, text, fmt.Sprintf(`headstart_requests_total\{code="%d",protocol="grpc",route="%s"\} 1`, code, method))
	}
	if logged := strings.Count(log.String(), `"route":"`+method+`"`); logged < 2 { // the last may be logged right after it is counted
		t.Errorf("%d calls are logged:\n%s", logged, log)
	}
}
