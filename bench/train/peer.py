"""The tutorial's job in Keras 3 on TensorFlow: the features computed in every epoch, as the tutorial writes it, or once."""

import json
import resource
import sys
import time

start = time.time()
import keras  # noqa: E402
import numpy as np  # noqa: E402

photos, mode, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
first = []


class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        first.append(time.time() - start)


def split(subset):
    return keras.utils.image_dataset_from_directory(
        photos, validation_split=0.2, subset=subset, seed=42, image_size=(224, 224), batch_size=32,
        label_mode="categorical", verbose=False)


train, val = split("training"), split("validation")
classes = len(train.class_names)
base = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(224, 224, 3), pooling="avg")
base.trainable = False
head = [keras.layers.Dense(256, activation="relu"), keras.layers.Dense(classes, activation="softmax")]
compiled = dict(optimizer=keras.optimizers.Adam(0.001), loss="categorical_crossentropy", metrics=["accuracy"])
prepare = keras.applications.resnet.preprocess_input
if mode == "tutorial":
    inputs = keras.Input((224, 224, 3))
    x = base(prepare(inputs), training=False)
    for layer in head:
        x = layer(x)
    model = keras.Model(inputs, x)
    model.compile(**compiled)
    model.fit(train, validation_data=val, epochs=epochs, verbose=0, callbacks=[Clock()])
    accuracy = model.evaluate(val, verbose=0)[1]
else:
    def features(data):
        pairs = [(base.predict_on_batch(prepare(x)), y.numpy()) for x, y in data]
        return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])

    (x, y), (vx, vy) = features(train), features(val)
    model = keras.Sequential(head)
    model.compile(**compiled)
    model.fit(x, y, validation_data=(vx, vy), epochs=epochs, batch_size=32, verbose=0, callbacks=[Clock()])
    accuracy = model.evaluate(vx, vy, verbose=0)[1]
print(json.dumps({
    "first_epoch": first[0], "seconds": time.time() - start, "accuracy": accuracy,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
