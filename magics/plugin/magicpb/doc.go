// Package magicpb is the wire format between the kernel and a plugin, generated from magic.proto.
package magicpb

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative magic.proto
