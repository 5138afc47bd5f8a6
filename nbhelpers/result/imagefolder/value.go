package imagefolder

import (
	"fmt"
	"image"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// allowed says which values stand for images.
const allowed = "a path or a []string of paths, a map[string]string from path to label or a map[string][]string from label to paths, " +
	"structs with fields Path and, where there are labels, Label, an image.Image or a slice of them, the bytes of an image file or a slice of them"

// imagesOf are the images of a value.
func imagesOf(value any) ([]one, error) {
	switch v := value.(type) {
	case nil:
		return nil, wrong(value)
	case map[string]string:
		var list []one
		for _, path := range sortedKeys(v) {
			img, err := file(path, v[path])
			if err != nil {
				return nil, err
			}
			list = append(list, img)
		}
		return list, nil
	case map[string][]string:
		var list []one
		for _, label := range sortedKeys(v) {
			for _, path := range v[label] {
				img, err := file(path, label)
				if err != nil {
					return nil, err
				}
				list = append(list, img)
			}
		}
		return list, nil
	}
	v := reflect.ValueOf(value)
	img, ok, err := single(v)
	if ok || err != nil {
		return []one{img}, err
	}
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return nil, wrong(value)
	}
	var list []one
	for i := range v.Len() {
		img, ok, err := single(v.Index(i))
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		if !ok {
			return nil, wrong(value)
		}
		list = append(list, img)
	}
	return list, nil
}

func wrong(value any) error {
	return fmt.Errorf("%T holds no images: it must be %s", value, allowed)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// file is an image in a file. Its path is relative to the folder of the cells, which the program runs in.
func file(path, label string) (one, error) {
	if path == "" {
		return one{}, fmt.Errorf("a path is empty")
	}
	absolute, err := filepath.Abs(path)
	return one{path: absolute, label: label}, err
}

// single is the image that one value stands for.
func single(v reflect.Value) (img one, ok bool, err error) {
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return one{}, false, nil
		}
		if v.CanInterface() {
			if drawn, ok := v.Interface().(image.Image); ok {
				return one{img: drawn}, true, nil
			}
		}
		v = v.Elem()
	}
	if !v.IsValid() {
		return one{}, false, nil
	}
	if v.CanInterface() {
		if drawn, ok := v.Interface().(image.Image); ok {
			return one{img: drawn}, true, nil
		}
	}
	switch {
	case v.Kind() == reflect.String:
		img, err = file(v.String(), "")
		return img, true, err
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return one{data: v.Bytes()}, true, nil
	case v.Kind() == reflect.Struct:
		path, found := text(v, "path")
		if !found {
			return one{}, false, nil
		}
		label, _ := text(v, "label")
		img, err = file(path, label)
		return img, true, err
	}
	return one{}, false, nil
}

// text is a field of a struct by its name, whatever its case.
func text(v reflect.Value, name string) (string, bool) {
	for i := range v.NumField() {
		if strings.EqualFold(v.Type().Field(i).Name, name) && v.Field(i).Kind() == reflect.String {
			return v.Field(i).String(), true
		}
	}
	return "", false
}
