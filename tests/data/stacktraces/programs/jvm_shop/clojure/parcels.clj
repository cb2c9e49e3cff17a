(ns parcels.core
  (:import (com.example.record Recorder)))

;; @added
(defn weigh [number] (throw (ex-info (str "parcel " number " is too heavy") {:number number})))

(defn measure [number] (throw (ex-info (str "parcel " number " is too heavy") {:number number})))

(defn total [prices] (reduce + (map (fn [price] (Integer/parseInt price)) prices)))

(defn most [prices] (apply max (map #(Integer/parseInt %) prices)))

(defn post-off [number & more]
  (try (weigh number)
       (catch Exception error (throw (IllegalStateException. "not sent" error)))))

(defprotocol Carrier (carry [this number]))
(defrecord Van [] Carrier (carry [this number] (/ number 0)))

(defn record [name failing] (Recorder/record name failing))

(let [n (Integer/parseInt (first *command-line-args*))]
  (record "weigh" #(weigh n))
  (record "measure" #(measure n))
  (record "total" #(total ["1" "one"]))
  (record "most" #(most ["1" "one"]))
  (record "post_off" #(post-off n 2))
  (record "carry" #(carry (->Van) n)))
