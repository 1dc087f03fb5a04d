"""Segment an image with a network exported to ONNX, without the program that trained it.

pip install numpy pillow onnxruntime
python onnx_predict.py network.onnx image.jpg mask.png
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image

network, image_file, mask_file = sys.argv[1:]
session = onnxruntime.InferenceSession(network, providers=onnxruntime.get_available_providers())
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])

image = np.asarray(Image.open(image_file).convert("RGB"))  # height × width × 3, uint8
mask, probabilities = session.run(["mask", "probabilities"], {"image": image[None]})
Image.fromarray(mask[0]).save(mask_file)  # grey values are class ids

for c in classes:
    print(f"{c['name']}: {(mask == c['id']).mean():.1%} of the image")
print(f"mean probability of the class chosen: {probabilities.max(1).mean():.3f}")
