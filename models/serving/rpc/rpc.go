// Package rpc is a model server's gRPC interface, the Open Inference Protocol.
package rpc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/headstart-nb/headstart/models/serving/inference"
	"github.com/headstart-nb/headstart/models/serving/oip"
	"github.com/headstart-nb/headstart/models/serving/oippb"
)

// Observer hears of each request that was answered.
type Observer interface {
	Request(protocol, route string, code int, took time.Duration)
}

// Options say what is answered.
type Options struct {
	Service  *inference.Service
	Token    string      // that calls must bear, except for health; empty: none
	TLS      *tls.Config // nil: none
	Observer Observer
	Version  string      // of the program
	Ready    func() bool // false while the server shuts down
	Log      *slog.Logger
	Each     bool // whether each call is logged
}

const (
	// streams is how many calls one connection may have at once.
	streams = 128
	// calls is how many requests are held at once, before their messages are read; gRPC gives no hook by which their bytes could be
	// counted while they arrive.
	calls = 512
	// overhead is what a message has besides its tensors, at most.
	overhead = 64 << 10
)

// New makes a server with limits on messages, calls and time.
func New(o Options) *grpc.Server {
	s := &server{Options: o, token: sha256.Sum256([]byte(o.Token)), calls: semaphore.NewWeighted(calls)}
	limits := o.Service.Limits()
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(int(limits.Body) + overhead),
		grpc.MaxConcurrentStreams(streams),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 5 * time.Minute, Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.InTapHandle(s.admit),
		grpc.UnaryInterceptor(s.answer),
		grpc.StatsHandler(watcher{s}),
		grpc.ForceServerCodecV2(newCodec(limits)),
		grpc.UnknownServiceHandler(unknown),
	}
	if o.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(o.TLS)))
	}
	g := grpc.NewServer(options...)
	s.register(g)
	return g
}

type server struct {
	oippb.UnimplementedGRPCInferenceServiceServer
	Options
	token [sha256.Size]byte
	calls *semaphore.Weighted
}

// admit refuses calls beyond the limit before their message is read, and gives each a time to send it and to be answered.
func (s *server) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	began := time.Now()
	if !s.open(info.FullMethodName) && !s.authorized(info.Header) {
		s.note(ctx, routeOf(info.FullMethodName), codes.Unauthenticated, time.Since(began))
		return nil, status.Error(codes.Unauthenticated, "the metadata authorization: Bearer TOKEN is missing, or its token is another")
	}
	if !s.calls.TryAcquire(1) {
		s.note(ctx, routeOf(info.FullMethodName), codes.ResourceExhausted, time.Since(began))
		return nil, status.Errorf(codes.ResourceExhausted, "the server is busy: it holds %d calls; try again later", calls)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*s.Service.Limits().Wait)
	context.AfterFunc(ctx, func() { // gRPC ends the context with the call
		cancel()
		s.calls.Release(1)
	})
	return ctx, nil
}

// open tells whether a method needs no token.
func (s *server) open(method string) bool {
	return s.Token == "" || method == oippb.GRPCInferenceService_ServerLive_FullMethodName || method == oippb.GRPCInferenceService_ServerReady_FullMethodName
}

// authorized compares in a time that says nothing of the token.
func (s *server) authorized(header metadata.MD) bool {
	values := header.Get("authorization")
	if len(values) != 1 {
		return false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	given := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(given[:], s.token[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

func (s *server) statusOf(err error) error {
	code, ok := map[inference.Kind]codes.Code{
		inference.Bad: codes.InvalidArgument, inference.Missing: codes.NotFound, inference.TooLarge: codes.InvalidArgument,
		inference.Overloaded: codes.ResourceExhausted, inference.Unavailable: codes.Unavailable, inference.TimedOut: codes.DeadlineExceeded,
		inference.Canceled: codes.Canceled,
	}[inference.KindOf(err)]
	if !ok {
		s.Log.Error("a call failed", "error", inference.Message(err))
		return status.Error(codes.Internal, "the server failed: see its log")
	}
	return status.Error(code, inference.Message(err))
}

func (*server) ServerLive(context.Context, *oippb.ServerLiveRequest) (*oippb.ServerLiveResponse, error) {
	return &oippb.ServerLiveResponse{Live: true}, nil
}

func (s *server) ServerReady(context.Context, *oippb.ServerReadyRequest) (*oippb.ServerReadyResponse, error) {
	return &oippb.ServerReadyResponse{Ready: s.Ready() && s.Service.Models().Ready()}, nil
}

func (s *server) ModelReady(_ context.Context, asked *oippb.ModelReadyRequest) (*oippb.ModelReadyResponse, error) {
	_, release, err := s.Service.Models().Use(asked.GetName(), asked.GetVersion())
	if err != nil {
		if inference.KindOf(err) == inference.Unavailable {
			return &oippb.ModelReadyResponse{}, nil
		}
		return nil, err
	}
	release()
	return &oippb.ModelReadyResponse{Ready: s.Ready()}, nil
}

func (s *server) ServerMetadata(context.Context, *oippb.ServerMetadataRequest) (*oippb.ServerMetadataResponse, error) {
	return &oippb.ServerMetadataResponse{Name: "headstart", Version: s.Version}, nil
}

func (s *server) ModelMetadata(_ context.Context, asked *oippb.ModelMetadataRequest) (*oippb.ModelMetadataResponse, error) {
	m, release, err := s.Service.Models().Use(asked.GetName(), asked.GetVersion())
	if err != nil {
		return nil, err
	}
	defer release()
	return &oippb.ModelMetadataResponse{
		Name: m.Name, Versions: []string{m.Version}, Platform: oip.Platform, Inputs: described(oip.Inputs()), Outputs: described(oip.Outputs(m.Facts)),
		Properties: oip.Properties(m.Facts),
	}, nil
}

func described(list []oip.Info) []*oippb.ModelMetadataResponse_TensorMetadata {
	var result []*oippb.ModelMetadataResponse_TensorMetadata
	for _, i := range list {
		result = append(result, &oippb.ModelMetadataResponse_TensorMetadata{Name: i.Name, Datatype: i.Datatype, Shape: i.Shape})
	}
	return result
}

func (s *server) ModelInfer(ctx context.Context, asked *oippb.ModelInferRequest) (*oippb.ModelInferResponse, error) {
	request, err := read(asked, s.Service.Limits().PerRequest)
	if err != nil {
		return nil, err
	}
	answer, results, err := request.Infer(ctx, s.Service)
	if err != nil {
		return nil, err
	}
	response := &oippb.ModelInferResponse{ModelName: answer.Model.Name, ModelVersion: answer.Model.Version, Id: asked.GetId()}
	for _, r := range results {
		tensor := &oippb.ModelInferResponse_InferOutputTensor{Name: r.Name, Datatype: r.Datatype, Shape: r.Shape}
		if len(asked.GetRawInputContents()) > 0 { // who sends raw data reads raw data
			response.RawOutputContents = append(response.RawOutputContents, r.Raw())
		} else {
			tensor.Contents = contents(r)
		}
		response.Outputs = append(response.Outputs, tensor)
	}
	return response, nil
}

func contents(r oip.Result) *oippb.InferTensorContents {
	c := &oippb.InferTensorContents{Fp32Contents: r.Floats}
	for _, text := range r.Strings {
		c.BytesContents = append(c.BytesContents, []byte(text))
	}
	return c
}

// read takes the tensors, of up to so many images, out of a message, in either of the two forms that they may have.
func read(asked *oippb.ModelInferRequest, most int) (*oip.Request, error) {
	if err := inference.CheckName("an id", asked.GetId()); err != nil {
		return nil, err
	}
	request := &oip.Request{Model: asked.GetModelName(), Version: asked.GetModelVersion()}
	for _, output := range asked.GetOutputs() {
		request.Outputs = append(request.Outputs, output.GetName())
	}
	raw := asked.GetRawInputContents()
	if len(raw) > 0 && len(raw) != len(asked.GetInputs()) {
		return nil, inference.BadRequest("there are %d inputs, and raw_input_contents of %d", len(asked.GetInputs()), len(raw))
	}
	for i, input := range asked.GetInputs() {
		t := oip.Tensor{Info: oip.Info{Name: input.GetName(), Datatype: input.GetDatatype(), Shape: input.GetShape()}}
		var err error
		switch {
		case len(raw) > 0 && t.Datatype == oip.Bytes:
			t.Elements, err = oip.SplitBytes(raw[i], most)
		case len(raw) > 0:
			t.Raw = raw[i]
		case t.Datatype == oip.Uint8:
			t.Raw, err = narrow(input.GetContents().GetUintContents())
		default:
			t.Elements = input.GetContents().GetBytesContents()
		}
		if err != nil {
			return nil, err
		}
		request.Inputs = append(request.Inputs, t)
	}
	return request, nil
}

// narrow is UINT8 data, which the protocol's messages carry in 32 bits.
func narrow(values []uint32) ([]byte, error) {
	bytes := make([]byte, len(values))
	for i, v := range values {
		if v > 255 {
			return nil, inference.BadRequest("UINT8 data must be from 0 to 255; got %d", v)
		}
		bytes[i] = uint8(v)
	}
	return bytes, nil
}
