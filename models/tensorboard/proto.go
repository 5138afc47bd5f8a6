package tensorboard

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of fields. Those of google.protobuf.Value are of struct.proto.
const (
	eventTime, eventStep, eventFileVersion, eventSummary = 1, 2, 3, 5 // Event
	summaryValue                                         = 1          // Summary
	valueTag, valueSimple, valueTensor, valueMetadata    = 1, 2, 8, 9 // Summary.Value
	metadataPlugin                                       = 1          // SummaryMetadata
	pluginName, pluginContent                            = 1, 2       // SummaryMetadata.PluginData
	tensorType, tensorShape                              = 1, 2       // TensorProto
	shapeDimension, dimensionSize                        = 2, 1       // TensorShapeProto
	tensorString                                         = 8          // TensorProto
	typeFloat, typeString                                = 1, 7       // DataType
	pluginStart, pluginEnd                               = 3, 4       // HParamsPluginData
	startParameters, startGroup, startTime               = 1, 4, 5    // SessionStartInfo
	endStatus, endTime                                   = 1, 2       // SessionEndInfo
	mapKey, mapValue                                     = 1, 2       // an entry of a map
	numberValue, stringValue, boolValue                  = 2, 3, 4    // google.protobuf.Value
)

func appendString(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}

// valueOf is a google.protobuf.Value.
func valueOf(v any) []byte {
	switch v := v.(type) {
	case bool:
		return protowire.AppendVarint(protowire.AppendTag(nil, boolValue, protowire.VarintType), protowire.EncodeBool(v))
	case int:
		return appendDouble(nil, numberValue, float64(v))
	case int64:
		return appendDouble(nil, numberValue, float64(v))
	case float64:
		return appendDouble(nil, numberValue, v)
	case string:
		return appendString(nil, stringValue, v)
	}
	return appendString(nil, stringValue, fmt.Sprint(v))
}

func appendDouble(b []byte, field protowire.Number, v float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), math.Float64bits(v))
}
